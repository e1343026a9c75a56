"""Train until nearly all answers are right, or time is up: the loop that several experiments share.

It serves NumPy and PyTorch alike: what an update is, and what is wrong, are functions.
"""

import numpy as np

from course_utils.training import fit


def until_right(config, step, wrong):
    """Call ``step`` until ``wrong()``, a share of new answers, is at most ``config.wrong``.

    config has updates (at most so many), every (updates between checks), batch and wrong.
    -> solved, sequences it took, the last share wrong, and the loss, smoothed over 25 updates.
    """
    history = fit(
        step,
        config.updates,
        check=wrong,
        every=config.every,
        done=lambda share: share <= config.wrong,
        bar=False,
    )
    return {
        "solved": history.stopped,
        "sequences": history.updates * config.batch,
        "wrong": history.checks[-1][1],
        "loss": np.round(np.convolve(history.loss, np.ones(25) / 25, "valid")[::25], 6).tolist(),
    }


def fast_step(net, sample, loss):
    """One update of a FastNet as a function without arguments, as ``training.torch_step`` is.

    sample() -> Batch; loss(answers, target) -> loss, danswers, as in ``numpy_nn.losses``.
    """

    def step():
        x, target, _ = sample()
        answers, _ = net(x.astype(np.float32))
        if target.dtype.kind == "f":
            target = target.astype(np.float32)
        value, danswers = loss(answers, target)
        net.learn(danswers.astype(np.float32))
        return value

    return step
