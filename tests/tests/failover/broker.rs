//! The broker's store is an old copy: log tail and checkpoints are gone together. Nobody serves on that.

use vandel_tests::folders::copy_folder;
use vandel_tests::serving::Serving;

use crate::Scene;
use crate::author::Author;

#[test]
fn a_broker_that_lost_its_tail_is_refused_by_whoever_takes_over() {
    let mut scene = Scene::new();
    let url = scene.server.url();
    let active = Serving::start(&scene.town, &url, &[]);
    let mut author = Author::new(&scene.town, &url, 0x73);
    (0..3).for_each(|_| author.step());
    assert!(active.stop().success());
    scene.server.stop();
    let old = scene.server.folder().join("old");
    copy_folder(&scene.server.store(), &old);
    scene.server.restart();
    let active = Serving::start(&scene.town, &url, &[]);
    (0..4).for_each(|_| author.step());
    let last = author.receipts.last().unwrap().0;
    active.kill();
    // The old copy, whole and sound in itself.
    scene.server.stop();
    std::fs::remove_dir_all(scene.server.store()).unwrap();
    copy_folder(&old, &scene.server.store());
    scene.server.restart();
    let asked: Vec<usize> = scene.witnesses.iter().map(|one| one.script().shown.len()).collect();
    let mut next = Serving::spawn(&scene.town, &url, &["--standby"]);
    let status = next.wait();
    let said = next.said();
    assert_eq!(status.code(), Some(3), "{said}");
    assert!(
        said.contains("the log was cut or is an old copy") && said.contains("the log ends at record"),
        "{said}"
    );
    // Without the file beside them, the witnesses alone know it too.
    std::fs::remove_file(scene.town.home().join("memory/checkpoint")).unwrap();
    std::fs::remove_file(scene.town.home().join("public/checkpoint")).unwrap();
    let mut next = Serving::spawn(&scene.town, &url, &[]);
    assert_eq!(next.wait().code(), Some(3), "{}", next.said());
    let after: Vec<usize> = scene.witnesses.iter().map(|one| one.script().shown.len()).collect();
    assert_eq!(asked, after, "no tree head was shown to any witness");
    let heads = scene.only_one_head_of_each_size();
    println!(
        "failover deep: a broker set back behind record {last} refused twice, {heads} heads, one for each size"
    );
}
