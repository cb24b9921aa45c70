import itertools

from astro_sbi.runs.progress import LOSS_POINTS, Progress, Reporter


def reporter(times):
    moments = iter(times)
    return Reporter(clock=lambda: next(moments))


def test_time_left_follows_the_rate_of_the_phase():
    report = reporter([0.0, 0.0, 10.0])
    report("training", 25, 100)
    progress = report.progress()
    assert (progress.fraction, progress.seconds_left, progress.phases) == (0.25, 30.0, {"training": 10.0})


def test_no_time_left_while_compiling_or_before_the_first_step():
    report = reporter([0.0, 0.0, 5.0, 5.0, 9.0])
    report("compiling", 1, 2)
    assert report.progress().seconds_left is None
    report("training", 0, 100)
    assert report.progress().seconds_left is None


def test_phases_of_all_rounds_add_up_and_steps_go_on():
    report = reporter([0.0, 0.0, 4.0, 5.0, 7.0])
    report("training", 100, 100, (2.0, 2.5))
    report("simulating", 0, 1)
    report("training", 10, 100, (1.0, float("nan")))
    progress = report.progress()
    assert progress.phases == {"training": 6.0, "simulating": 1.0}
    assert progress.losses == [[100.0, 2.0, 2.5], [110.0, 1.0, None]]


def test_losses_are_thinned_evenly():
    report = Reporter()
    for step in range(5000):
        report("training", step, 5000, 1.0)
    losses = report.progress().losses
    steps = [point[0] for point in losses]
    assert LOSS_POINTS / 2 <= len(losses) <= LOSS_POINTS
    assert len({after - before for before, after in itertools.pairwise(steps)}) == 1
    assert steps[-1] > 4900


def test_json_round_trip():
    report = Reporter()
    report("sampling", 1, 2, 0.5)
    report.round({"efficiency": 0.3})
    progress = report.progress()
    assert Progress.from_json(progress.to_json()) == progress
