//! `vandel bench feed` at the smallest size: it runs on a server of its own, and tells its figures. No time is asserted.

use std::process::Command;

use serde_json::Value;
use vandel_tests::nats_server::binary;
use vandel_tests::town::vandel;

#[test]
fn the_bench_tells_fan_out_and_delays_beside_bare_nats() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(vandel())
        .args(["--json", "--nats", "own", "bench", "feed", "--rounds", "1", "--events", "200"])
        .args(["--subscribers", "3", "--rate", "32", "--seconds", "1", "--dir"])
        .arg(folder.path())
        .env("VANDEL_NATS_SERVER", binary())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "it leaves something");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let rows: Vec<&Value> = lines.iter().filter(|line| line["type"] == "bench").collect();
    assert_eq!(rows.len(), 5, "{rows:?}");
    let figures = |row: &&Value| ["ours", "limit", "ratio"].map(|name| row[name].as_f64().unwrap());
    assert!(figures(&rows[0]).iter().all(|figure| *figure > 0.0), "{rows:?}");
    // Who hears of an event before its author's receipt has come has not waited at all.
    assert!(rows.iter().map(figures).all(|figures| figures.iter().all(|figure| *figure >= 0.0)), "{rows:?}");
    assert_eq!((&rows[0]["reach"], &rows[2]["aim"]), (&0.5.into(), &50_000.0.into()));
}
