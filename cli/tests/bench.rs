//! Every bench at the smallest size: it runs, and tells its figures in both ways. No time is asserted.

#![allow(missing_docs, clippy::unwrap_used)]

use std::process::Command;

fn bench(arguments: &[&str]) -> Vec<serde_json::Value> {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_vandel"))
        .args(["--json", "bench"])
        .args(arguments)
        .arg("--dir")
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert!(left.is_empty(), "{arguments:?} leaves {left:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn rows<'a>(lines: &'a [serde_json::Value], kind: &str) -> Vec<&'a serde_json::Value> {
    lines.iter().filter(|line| line["type"] == kind).collect()
}

#[test]
fn rebuild_tells_ours_both_limits_and_the_ratio() {
    let lines = bench(&["rebuild", "--events", "500", "--rounds", "1"]);
    let row = rows(&lines, "bench")[0];
    assert_eq!(row["limits"].as_array().unwrap().len(), 2);
    assert!(row["ours"].as_f64().unwrap() > 0.0 && row["ratio"].as_f64().unwrap() > 0.0, "{row}");
    assert_eq!(row["aim"], 150_000.0);
}

#[test]
fn query_tells_median_and_percentile_of_three_questions() {
    let lines = bench(&["query", "--events", "500", "--queries", "20", "--rounds", "1"]);
    let rows = rows(&lines, "bench");
    assert_eq!(rows.len(), 6);
    assert!(rows.iter().all(|row| row["ours"].as_f64().unwrap() > 0.0), "{rows:?}");
}

#[test]
fn national_measures_three_sizes_and_draws_them() {
    let folder = tempfile::tempdir().unwrap();
    let plot = folder.path().join("plot.svg");
    let plot_to = plot.to_str().unwrap();
    let lines = bench(&["national", "--events", "2000", "--queries", "20", "--plot", plot_to]);
    let sizes = rows(&lines, "size");
    assert_eq!(sizes.len(), 3);
    for cost in ["append", "integrity", "audit", "rebuild"] {
        assert!(sizes.iter().all(|size| size[cost]["clock_microseconds"].as_f64().unwrap() > 0.0), "{cost}");
    }
    assert!(std::fs::read_to_string(plot).unwrap().contains("verify, all levels"));
}
