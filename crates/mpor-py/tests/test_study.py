"""Studies: read, checked, asked, run, verified; and what is wrong with them is said."""

import os
import subprocess

import polars as pl
import pytest

import mpor
from conftest import study_dict


def test_a_study_says_what_it_comes_to(study):
    check = study.check()
    # 2020-01-01 to 2020-06-30: a leap year's first half.
    assert check.margin_dates == 31 + 29 + 31 + 30 + 31 + 30
    assert check.accounts == ["long", "short"]
    assert check.models == ["hs"]
    assert "182" in check._repr_html_()


def test_a_dictionary_and_a_file_are_the_same_study(study, run, tmp_path, root):
    file = tmp_path / "small.toml"
    text = study.to_toml()
    base = os.path.relpath(root, tmp_path)
    lines = [f'base = "{base}"' if line.startswith("base = ") else line for line in text.splitlines()]
    file.write_text("\n".join(lines))
    other = mpor.Study.from_toml(file).run(tmp_path / "run", threads=1)
    for table in ("requirements", "losses", "breaches", "coverage"):
        assert pl.DataFrame(other[table]).equals(pl.DataFrame(run[table])), table


def test_margin_adds_up_and_is_what_the_run_required(study, run):
    [margin] = study.margin("2020-03-11", "long")
    assert margin.model == "hs"
    required = pl.DataFrame(run["requirements"]).filter(
        pl.col("account") == "long", pl.col("level") == "initial", pl.col("time").dt.date() == pl.date(2020, 3, 11)
    )
    assert required["amount"].to_list() == [margin.initial.amount]
    # "largest of": the tail figure and zero.
    assert margin.initial.amount == max(part.amount for part in margin.initial.parts)
    assert f"{margin.initial.amount:,.2f}" in margin._repr_html_()
    assert margin.initial.parts[0].name in str(margin.initial)


def test_an_explanation_adds_up_to_the_loss(run):
    explanation = mpor.explain(run, "long", "2020-03-11")
    assert explanation.horizon_loss == pytest.approx(-sum(explanation.causes.values()), rel=1e-12)
    assert explanation.horizon_loss == pytest.approx(-sum(pnl for _, _, pnl in explanation.positions), rel=1e-12)
    breach = pl.DataFrame(run["breaches"]).filter(
        pl.col("account") == "long", pl.col("time").dt.date() == pl.date(2020, 3, 11)
    )
    assert breach["loss"].to_list() == [explanation.horizon_loss]
    assert breach["requirement"].to_list() == [explanation.required["hs"]]
    html = explanation._repr_html_()
    assert f"<b>{explanation.horizon_loss:,.2f}</b>" in html
    assert "no" in html


def test_a_run_is_opened_shown_and_verified(run):
    opened = mpor.open(run.folder)
    assert opened.tables == run.tables
    assert {"requirements", "losses", "breaches", "coverage"} <= set(opened)
    assert len(opened.requirements) == 182 * 2 * 2
    html = opened._repr_html_()
    pooled = next(row for row in opened["coverage"].rows() if row["account"] is None)
    share = 1 - pooled["breaches"] / pooled["observations"]
    assert f"<b>{share:.2%}</b> of {pooled['observations']:,} requirements" in html
    assert "<th>coverage</th>" in html
    assert opened.figure(opened.figures[0])._repr_svg_().startswith("<svg")
    assert mpor.verify(opened) == []
    with (run.folder / "study" / "study.toml").open("a") as file:
        file.write("# changed\n")
    assert any("study.toml" in difference for difference in opened.verify())
    text = (run.folder / "study" / "study.toml").read_text()
    (run.folder / "study" / "study.toml").write_text(text.removesuffix("# changed\n"))


def test_what_is_not_there_is_named_with_what_is(run, tmp_path):
    with pytest.raises(KeyError, match="requirements"):
        run["requirement"]
    with pytest.raises(AttributeError, match="requirement"):
        _ = run.requirement
    with pytest.raises(KeyError, match="no figure"):
        run.figure("none")
    with pytest.raises(mpor.Error, match="finished run"):
        mpor.open(tmp_path)
    with pytest.raises(mpor.Error, match="no account `lang`; the study has: long, short"):
        run.explain("lang", "2020-03-11")
    with pytest.raises(mpor.Error, match="is not a time"):
        run.explain("long", "yesterday")


@pytest.mark.parametrize(
    ("changes", "kind", "said"),
    [
        ({"seeed": 1}, mpor.StudyError, "unknown key `seeed`|seeed"),
        ({"mpor": {"horizon": "two days"}}, mpor.StudyError, "two days"),
        ({"model": []}, mpor.StudyError, "at least one"),
        ({"name": "a/b"}, mpor.StudyError, "name `a/b`"),
        ({"seed": None}, mpor.StudyError, "null|None|unit"),
        ({"seed": object()}, mpor.StudyError, "no TOML can hold"),
    ],
)
def test_a_faulty_study_is_refused(root, changes, kind, said):
    with pytest.raises(kind, match=said):
        mpor.Study.from_dict(study_dict(**changes), base=root)


def test_a_study_without_its_data_is_refused(root):
    study = mpor.Study.from_dict(study_dict(data={"prices": "nowhere/*.parquet"}), base=root)
    with pytest.raises(mpor.DataError, match="nowhere"):
        study.check()
    with pytest.raises(mpor.Error, match="--threads 0"):
        study.run(threads=0)


def test_errors_have_the_text_of_the_command_line(root, tmp_path):
    binary = root / "target" / "debug" / "mpor"
    if not binary.exists():
        pytest.skip(f"{binary} is not built")
    file = tmp_path / "bad.toml"
    file.write_text('schema = 1\nname = "bad"\ncurency = "USD"\n')
    with pytest.raises(mpor.StudyError) as raised:
        mpor.Study.from_toml(file)
    done = subprocess.run([binary, "check", file], capture_output=True, text=True, check=False)
    problem = str(raised.value).split(": ", 1)[1]
    assert done.returncode == 2
    assert " ".join(problem.split())[:40] in " ".join(done.stderr.replace("│", " ").split())


def test_a_calibration_is_run_from_python(root, tmp_path):
    model = {"name": "scan", "kind": "scan", "price_range": 0.1, "vol_range": 0.0}
    parameters = {"price_range": {"values": [0.01, 0.9]}}
    calibrate = {"model": "scan", "folds": 2, "bootstrap": {"draws": 100}, "parameters": parameters}
    study = mpor.Study.from_dict(study_dict(model=[model], calibrate=calibrate), base=root)
    with pytest.raises(mpor.StudyError):
        mpor.Study.from_dict(study_dict(), base=root).calibrate(tmp_path / "none")
    done = study.calibrate(tmp_path / "calibration")
    # The largest fall of two days in the period is 47 per cent: only the wider range covers it.
    assert done.feasible
    assert "price_range = 0.9" in done.rules.read_text()
    assert mpor.open(done.folder)["candidates"]["price_range"] == [0.01, 0.9]
