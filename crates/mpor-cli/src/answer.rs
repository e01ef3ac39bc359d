//! What the commands print: tables for people, JSON where a script would read it.

use std::path::Path;

use mpor::describe::{Finding, Summary, by_year};
use mpor::explain::Explanation;
use mpor::margin_at::{Asked, Node};
use mpor::run::{RunSummary, ShareSummary};
use mpor::verify::Verified;
use mpor::{Loaded, MporError, StudyFile};
use serde_json::{Value, json};

use crate::text::{line, table};

/// Prints what a run found.
pub fn run(summary: &RunSummary, as_json: bool, timings: bool) -> Result<(), MporError> {
    if as_json {
        println!("{}", json!({ "folder": summary.folder, "manifest": summary.manifest }));
        return Ok(());
    }
    match &summary.result {
        None => println!("{} already holds this run; nothing to do", summary.folder.display()),
        Some(result) => {
            println!("{}", line(&mpor::verdict::sentence(result)));
            let header = [
                "model",
                "coverage",
                "breaches",
                "worst shortfall",
                "mean margin",
                "of baseline",
                "peak to trough",
                "worst zone",
            ];
            println!("\n{}", table(&header, &mpor::verdict::rows(result)));
            println!("Written to {}", summary.folder.display());
        }
    }
    if timings {
        for (stage, wall) in &summary.stages {
            println!("{stage:<20} {:>8.2} s", wall.as_secs_f64());
        }
    }
    Ok(())
}

/// Prints what a share did.
pub fn share(summary: &ShareSummary, as_json: bool) {
    let ShareSummary { folder, share, shards, made, dates, all } = summary;
    if as_json {
        let value = json!({
            "folder": folder, "share": share.to_string(), "shards": shards, "made": made,
            "dates": dates, "all_shards": all,
        });
        println!("{value}");
        return;
    }
    println!(
        "Share {share}: {shards} of {all} shards, {dates} margin dates; {made} replayed, {} were there",
        shards - made
    );
    println!("Written to {}", folder.display());
}

/// Prints what a study comes to.
pub fn check(file: &StudyFile, loaded: &Loaded, as_json: bool) {
    let times = loaded.dates();
    if as_json {
        let findings: Vec<Value> = loaded.market.findings.iter().map(finding_json).collect();
        let value = json!({
            "study": file.study.name, "accounts": loaded.books.accounts,
            "models": file.models.iter().map(|model| &model.name).collect::<Vec<_>>(),
            "margin_dates": times.len(), "from": times.first(), "to": times.last(),
            "findings": findings, "notes": loaded.market.notes,
        });
        println!("{value}");
        return;
    }
    let (accounts, models) = (loaded.books.accounts.len(), file.models.len());
    println!(
        "{} is sound: {accounts} accounts, {models} models, {} margin dates",
        file.path.display(),
        times.len()
    );
    if let (Some(first), Some(last)) = (times.first(), times.last()) {
        println!("from {first} to {last}, MPOR {}\n", loaded.horizon);
    }
    let series: Vec<Vec<String>> = loaded
        .market
        .series
        .iter()
        .map(|series| {
            vec![
                series.symbol.clone(),
                series.table.to_owned(),
                series.rows.to_string(),
                series.from.to_string(),
                series.to.to_string(),
                series.missing.to_string(),
            ]
        })
        .collect();
    println!("{}", table(&["series", "table", "rows", "from", "to", "missing"], &series));
    findings(&loaded.market.findings, false);
    for note in &loaded.market.notes {
        println!("- {}", line(note));
    }
}

/// Prints the series of datasets.
pub fn describe(summaries: &[Summary], as_json: bool) {
    let day = |move_: &Option<(mpor::Timestamp, f64)>| match move_ {
        Some((time, value)) => format!("{:+.1} % {}", 100.0 * value, time.date()),
        None => String::new(),
    };
    if as_json {
        let rows: Vec<Value> = summaries
            .iter()
            .map(|row| {
                json!({
                    "dataset": row.dataset, "table": row.table, "symbol": row.symbol,
                    "source": row.source, "rows": row.rows, "from": row.from, "to": row.to,
                    "step": row.step, "missing": row.missing, "licence": row.licence,
                })
            })
            .collect();
        println!("{}", Value::Array(rows));
        return;
    }
    if summaries.is_empty() {
        println!("no dataset here: a dataset is a folder with a metadata.toml");
        return;
    }
    let rows: Vec<Vec<String>> = summaries
        .iter()
        .map(|row| {
            vec![
                row.dataset.clone(),
                row.symbol.clone(),
                row.rows.to_string(),
                row.from.date().to_string(),
                row.to.date().to_string(),
                row.step.clone(),
                row.missing.to_string(),
                day(&row.worst),
                day(&row.best),
                row.licence.clone(),
            ]
        })
        .collect();
    let header =
        ["dataset", "series", "rows", "from", "to", "step", "missing", "worst", "best", "licence"];
    print!("{}", table(&header, &rows));
}

fn finding_json(finding: &Finding) -> Value {
    json!({
        "code": finding.code, "check": finding.check, "source": finding.source,
        "symbol": finding.symbol, "from": finding.from, "to": finding.to, "row": finding.row,
        "count": finding.count, "detail": finding.detail, "action": finding.action,
    })
}

/// Prints findings, one a line.
pub fn findings(findings: &[Finding], as_json: bool) {
    if as_json {
        println!("{}", Value::Array(findings.iter().map(finding_json).collect()));
        return;
    }
    if findings.is_empty() {
        println!("no findings");
        return;
    }
    const SHOWN: usize = 40;
    let rows: Vec<Vec<String>> = findings
        .iter()
        .take(SHOWN)
        .map(|finding| {
            vec![
                finding.code.to_owned(),
                finding.check.to_owned(),
                finding.symbol.clone(),
                finding.row.map(|row| row.to_string()).unwrap_or_default(),
                finding.from.to_string(),
                finding.count.to_string(),
                finding.action.to_string(),
                finding.detail.clone(),
            ]
        })
        .collect();
    let header = ["code", "check", "series", "row", "from", "count", "done", "what"];
    println!("{}", table(&header, &rows));
    if findings.len() > SHOWN {
        println!("... and {} more; --json prints all\n", findings.len() - SHOWN);
    }
    counted(findings);
}

/// Prints findings counted by check, series and year.
fn counted(findings: &[Finding]) {
    let row = |group: &mpor::describe::FindingGroup| {
        vec![
            group.code.to_owned(),
            group.check.to_owned(),
            group.symbol.clone(),
            group.year.to_string(),
            group.findings.to_string(),
            group.observations.to_string(),
            group.action.to_string(),
        ]
    };
    let rows: Vec<Vec<String>> = by_year(findings).iter().map(row).collect();
    let header = ["code", "check", "series", "year", "findings", "rows", "done"];
    println!("{}", table(&header, &rows));
}

/// Prints requirements as trees.
pub fn margin(asked: &[Asked], currency: &str, as_json: bool) {
    if as_json {
        println!("{}", json!(asked));
        return;
    }
    for answer in asked {
        let (account, model) = (line(&answer.account), line(&answer.model));
        println!("\n{account} under {model} at {}, {currency}", answer.time);
        for (instrument, quantity) in &answer.positions {
            println!("    holds {quantity:+} {}", line(instrument));
        }
        if let Some(binding) = &answer.binding {
            println!("    binding: {}", line(binding));
        }
        node(&answer.initial, 1, "initial margin: ");
        node(&answer.maintenance, 1, "maintenance margin: ");
    }
}

/// A rule with its factor to six decimals; JSON and tables have all of them.
fn short(rule: &str) -> String {
    match rule.strip_prefix("x ").and_then(|factor| factor.parse::<f64>().ok()) {
        Some(factor) => format!("x {}", (factor * 1e6).round() / 1e6),
        None => rule.to_owned(),
    }
}

fn node(node_: &Node, depth: usize, label: &str) {
    let indent = "  ".repeat(depth);
    let name = format!("{indent}{label}{}", line(&node_.name));
    println!("{name:<60} {:>18}  {}", amount(node_.amount), short(&node_.rule));
    for part in &node_.parts {
        node(part, depth + 1, "");
    }
}

/// Whole units with thousands separated, two decimals.
fn amount(value: f64) -> String {
    let text = format!("{:.2}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((text.as_str(), "00"));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if value < 0.0 { "-" } else { "" };
    format!("{sign}{grouped}.{fraction}")
}

/// Prints why a margin held or broke.
pub fn explain(explanation: &Explanation, file: &StudyFile, as_json: bool) {
    if as_json {
        println!("{}", json!(explanation));
        return;
    }
    let currency = &file.study.currency;
    margin(&explanation.asked, currency, false);
    let (Some(horizon), Some(worst)) = (explanation.horizon_loss, explanation.worst_loss) else {
        println!("\nThe margin period of risk is not over: no realised loss yet.");
        return;
    };
    println!("\nRealised loss at t + MPOR: {} {currency}", amount(horizon));
    println!("Worst loss on the way:     {} {currency}", amount(worst));
    let convention = file.study.mpor.loss;
    println!("\nP&L by cause ({convention} convention):");
    for (cause, pnl) in &explanation.causes {
        println!("  {cause:<24} {:>18}", amount(*pnl));
    }
    println!("\nP&L by position:");
    for (instrument, quantity, pnl) in &explanation.positions {
        let held = format!("{quantity:+.4} {}", line(instrument));
        println!("  {held:<36} {:>18}", amount(*pnl));
    }
    println!("\nRequired by the run:");
    let loss = if convention.to_string() == "worst" { worst } else { horizon };
    for (model, required) in &explanation.required {
        let gap = required - loss;
        let word = if gap < 0.0 { "BREACH, short by" } else { "covered, to spare" };
        println!("  {:<24} {:>18}  {word} {}", line(model), amount(*required), amount(gap.abs()));
    }
}

/// Prints whether a run holds.
pub fn verify(verified: &Verified, run: &Path, as_json: bool) {
    if as_json {
        let Verified { hashed, reproduced, differences } = verified;
        println!(
            "{}",
            json!({ "hashed": hashed, "reproduced": reproduced, "differences": differences })
        );
        return;
    }
    for difference in &verified.differences {
        println!("DIFFERS  {}", line(difference));
    }
    let Verified { hashed, reproduced, .. } = verified;
    let run = run.display();
    match verified.differences.len() {
        0 => println!(
            "{run} holds: {hashed} files as recorded, {reproduced} made again with the same bytes"
        ),
        1 => println!("{run} does not hold: 1 difference"),
        count => println!("{run} does not hold: {count} differences"),
    }
}

fn entries(entries: &[mpor::catalog::Entry]) {
    for entry in entries {
        println!("{}\n    {}", entry.id, entry.summary);
        for (key, default, meaning) in &entry.parameters {
            let default = default.as_ref().map(|text| format!(" (default {text})"));
            println!("      {key:<22} {meaning}{}", default.unwrap_or_default());
        }
        println!();
    }
}

/// Prints the kinds of models and the overlays.
pub fn models(as_json: bool) {
    let (models, overlays) = (mpor::catalog::models(), mpor::catalog::overlays());
    if as_json {
        println!("{}", json!({ "models": models, "overlays": overlays }));
        return;
    }
    println!("Models: kind = \"...\", or rules = \"...\" for a venue's (see `mpor rules`)\n");
    entries(&models);
    println!("Overlays: overlays = [{{ ... }}], applied in the order written\n");
    entries(&overlays);
}

/// Prints the coverage tests.
pub fn tests(as_json: bool) {
    let tests = mpor::catalog::tests();
    if as_json {
        println!("{}", json!(tests));
    } else {
        println!("{}", tests.join("\n"));
    }
}

/// Prints rule sets, or one of them whole.
pub fn rules(name: Option<&str>, as_json: bool) -> Result<(), MporError> {
    let sets = mpor::catalog::rules(name)?;
    if as_json {
        let row = |set: &mpor::catalog::RuleSet| {
            json!({ "name": set.name, "version": set.version, "engine": set.engine,
                    "valid_from": set.valid_from, "valid_until": set.valid_until,
                    "source": set.source, "status": set.status.to_string(), "notes": set.notes })
        };
        println!("{}", Value::Array(sets.iter().map(row).collect()));
        return Ok(());
    }
    for set in &sets {
        let day = |time: Option<mpor::Timestamp>| time.map(|time| time.date().to_string());
        let valid = match (day(set.valid_from), day(set.valid_until)) {
            (None, None) => "undated".to_owned(),
            (Some(from), None) => format!("valid from {from} on"),
            (None, Some(until)) => format!("valid until {until}"),
            (Some(from), Some(until)) => format!("valid from {from} until {until}"),
        };
        println!("{} {}\n    {valid}; {}", set.name, set.version, set.status);
        println!("    source: {}", set.source);
        for (key, note) in &set.notes {
            println!("    {key}: {note}");
        }
        if name.is_some() {
            println!("\n{}", set.parameters);
        }
    }
    Ok(())
}
