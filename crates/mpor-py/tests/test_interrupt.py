"""Long work lets other threads run, tells how far it is, and stops when asked to."""

import os
import signal
import threading
import time

import pytest

import mpor

FLAT = {"account": [0, 1], "initial": [1.0, 1.0]}


def slow(day):
    time.sleep(0.02)
    return FLAT


def test_ctrl_c_stops_a_run_which_is_then_taken_up(study, tmp_path):
    # Whoever started the tests may have them ignore it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    whole = study.with_model("slow", lambda day: FLAT, version="1").run(tmp_path / "whole")
    asked = []

    def counted(day):
        asked.append(day.time)
        return slow(day)

    slowly = study.with_model("slow", counted, version="1")
    stages = []

    def press(stage, done, total):
        stages.append((stage, done, total))
        # At the first word of the replay: what is under way is finished and kept, then it stops.
        if stage == "replaying margin dates" and len(asked) < 182:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        slowly.run(tmp_path / "run", threads=1, progress=press)
    stopped_at = len(asked)
    assert 0 < stopped_at < 182
    assert not (tmp_path / "run" / "manifest.json").exists()
    run = slowly.run(tmp_path / "run", threads=1)
    assert len(asked) < 182 + stopped_at, "what was complete is not asked again"
    assert run.manifest["outputs"] == whole.manifest["outputs"]


def test_an_exception_of_progress_stops_the_run(study, tmp_path):
    def broken(stage, done, total):
        raise ValueError(f"cannot show {stage}")

    with pytest.raises(ValueError, match="cannot show hashing inputs"):
        study.run(tmp_path / "run", progress=broken)


def test_progress_tells_stages_and_units(study, tmp_path):
    told = []
    study.run(tmp_path / "run", progress=lambda *event: told.append(event))
    stages = list(dict.fromkeys(stage for stage, _, _ in told))
    assert stages[:3] == ["hashing inputs", "reading market history", "replaying margin dates"]
    assert [(done, total) for stage, done, total in told if stage == "replaying margin dates"][-1] == (182, 182)


def test_a_line_of_progress_is_written_and_removed(study, tmp_path, capsys):
    study.run(tmp_path / "run", progress=True)
    written = capsys.readouterr().err
    assert "replaying margin dates: 182/182" in written
    assert written.endswith("\r")


def test_other_threads_run_meanwhile(study, tmp_path):
    ticks, done = [0], threading.Event()

    def tick():
        while not done.wait(0.001):
            ticks[0] += 1

    thread = threading.Thread(target=tick)
    thread.start()
    since = time.monotonic()
    study.run(tmp_path / "run", threads=1)
    elapsed = time.monotonic() - since
    done.set()
    thread.join()
    # A lock held throughout would leave a tick or two.
    assert ticks[0] > 100 * elapsed * 0.2


def test_a_run_in_another_thread_works(study, tmp_path):
    made = []
    thread = threading.Thread(target=lambda: made.append(study.run(tmp_path / "run")))
    thread.start()
    thread.join()
    assert isinstance(made[0], mpor.Run)
