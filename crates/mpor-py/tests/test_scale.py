"""Runs on a cluster of two nodes, one of which is killed: the bytes of a run on one machine."""

import os
import signal
import threading
import time

import pytest

import mpor
from conftest import study_dict

ray = pytest.importorskip("ray", reason="Ray is not installed: runs on a cluster are not tested")

from ray.cluster_utils import Cluster  # noqa: E402

from mpor import scale  # noqa: E402

CALENDAR = {"kind": "24x7", "step": "1d", "cut": "08:00", "from": "2019-06-01", "to": "2020-05-31"}
MEMORY = 100 * 1024 * 1024


@pytest.fixture(scope="module")
def cluster():
    node = {"num_cpus": 1, "object_store_memory": MEMORY, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=node)
    second = cluster.add_node(num_cpus=1, object_store_memory=MEMORY)
    ray.init(address=cluster.address, log_to_driver=False)
    yield cluster, second
    ray.shutdown()
    cluster.shutdown()


@pytest.fixture(scope="module")
def study(root):
    return mpor.Study.from_dict(study_dict(name="scaled", calendar=CALENDAR), base=root)


@pytest.fixture(scope="module")
def single(study, tmp_path_factory):
    return study.run(tmp_path_factory.mktemp("single") / "run")


def slow_rule(marks):
    """A rule that notes each date under the number of its process, so that a test can kill it and count."""

    def rule(day):
        with (marks / str(os.getpid())).open("a") as file:
            file.write(f"{day.time}\n")
        time.sleep(0.02)
        return {"account": [0, 1], "initial": [1.0, 2.0]}

    return rule


def asked(marks):
    return sum(len(mark.read_text().splitlines()) for mark in marks.iterdir())


def test_shares_of_a_cluster_are_the_run_of_one_machine(cluster, study, single, tmp_path):
    told = []
    run = scale.run(study, shards=3, out=tmp_path / "run", progress=lambda *event: told.append(event))
    assert run.manifest["outputs"] == single.manifest["outputs"]
    assert ("shares", 3, 3) in told
    shared = scale.run(study, shards=2, out=tmp_path / "shared", shared=True)
    assert shared.manifest["outputs"] == single.manifest["outputs"]
    assert run.verify() == []


def test_a_fault_on_a_worker_is_an_error_here(cluster, study, tmp_path):
    broken = study.with_model("mine", lambda day: 1 / 0, version="1")
    with pytest.raises(mpor.Error, match="ZeroDivisionError"):
        scale.run(broken, shards=2, out=tmp_path / "run")


@pytest.mark.parametrize("victim", ["worker", "node"])
def test_what_a_lost_worker_or_node_had_is_made_again(cluster, study, tmp_path, victim):
    marks = tmp_path / "marks"
    marks.mkdir()
    mine = study.with_model("mine", slow_rule(marks), version="1")
    single = mine.run(tmp_path / "single")
    dates = asked(marks)
    for mark in marks.iterdir():
        mark.unlink()
    killed = []

    def kill():
        while len(list(marks.iterdir())) < 2:
            time.sleep(0.05)
        if victim == "worker":
            number = int(next(marks.iterdir()).name)
            os.kill(number, signal.SIGKILL)
            killed.append(number)
        else:
            whole, second = cluster
            whole.remove_node(second, allow_graceful=False)
            killed.append(second)

    assassin = threading.Thread(target=kill)
    assassin.start()
    run = scale.run(mine, shards=4, out=tmp_path / "run")
    assassin.join()
    assert killed, "nobody was killed"
    assert asked(marks) > dates, "what was lost was made again"
    assert run.manifest["outputs"] == single.manifest["outputs"]
