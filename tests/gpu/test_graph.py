"""Every cell as a CUDA graph of generated kernels: fresh random numbers against float64."""

import copy

import gpu_runs
import pytest
import torch
from gpu_runs import (
    DEVICE,
    FAR,
    ROUNDS,
    against_float64,
    assert_near,
    draw,
    pair,
    run,
    to_cpu,
    twin,
)

from course_utils import torch_nn
from course_utils.specs import SPECS

FIRST = ("lstm", "gru", "rnn", "lstm_peephole", "slstm")  # one state, several, vectors, a maximum
HALF = (torch.bfloat16, torch.float16)
T, B, D, H = 7, 3, 5, 12  # 12: clockwork has modules; nothing is a multiple of a block


@pytest.mark.parametrize("dtype", [torch.float32, *HALF], ids=str)
@pytest.mark.parametrize("key", FIRST)
def test_first_cells_in_every_format(key, dtype):
    layer, reference = pair(key, D, H, dtype)
    against_float64(layer, reference, T, B)
    assert layer.why(draw(layer, T, B).x).startswith("graph")


@pytest.mark.parametrize("key", SPECS)
def test_every_cell_in_float32(key):
    layer, reference = pair(key, D, H)
    against_float64(layer, reference, T, B)
    against_float64(layer, reference, T, B, states=False)  # captured before: other numbers


@pytest.mark.parametrize("key", ["lstm_cifg", "gru_2014", "ligru", "multiplicative_lstm", "nas"])
@pytest.mark.parametrize("dtype", HALF, ids=str)
def test_cells_with_several_levels_in_half_precision(key, dtype):
    against_float64(*pair(key, D, H, dtype), T, B)


@pytest.mark.parametrize("units", [1, 3, 127, 129, 257])
@pytest.mark.parametrize("batch", [1, 5])
@pytest.mark.parametrize("key", ["lstm", "slstm", "gru_2014"])
def test_odd_sizes(key, batch, units):
    layer, reference = pair(key, 3, units)
    for steps in (1, 6):
        against_float64(layer, reference, steps, batch)


@pytest.mark.parametrize("key", ["lstm", "depth_gated", "gru_2014"])
def test_layers_over_layers_in_both_directions(key):
    layer, reference = pair(key, D, H, num_layers=2, bidirectional=True)
    against_float64(layer, reference, T, B)


@pytest.mark.parametrize("key", ["lstm", "mut1", "slstm"])
def test_lengths_and_resets(key):
    layer, reference = pair(key, D, H, bidirectional=True)
    lengths = torch.tensor([T, 1, 4])
    resets = torch.rand(T, B) < 0.3
    against_float64(layer, reference, T, B, lengths=lengths)
    against_float64(layer, reference, T, B, resets=resets)
    against_float64(layer, reference, T, B, lengths=lengths, resets=resets)


@pytest.mark.parametrize("frozen", ["weights", "input"])
def test_only_what_needs_a_gradient_has_one(frozen):
    layer, reference = pair("lstm_peephole", D, H)
    problem = draw(layer, T, B)
    if frozen == "weights":
        for of in (layer, reference):
            of.weight_hh_l0.requires_grad_(False)
        against_float64(layer, reference, T, B)
        return
    for _ in range(ROUNDS):
        for of, x in ((layer, problem.x), (reference, to_cpu(problem).x)):
            of.zero_grad()
            of(x)[0].sum().backward()  # a cotangent without strides
        for ours, theirs in zip(layer.parameters(), reference.parameters(), strict=True):
            assert gpu_runs.distance(ours.grad, theirs.grad) < FAR[torch.float32]


def test_two_forwards_before_the_first_backward():
    layer, reference = pair("lstm_cifg", D, H)
    for _ in range(ROUNDS):
        three_at_once(layer, reference)


def three_at_once(layer, reference):
    problems = [draw(layer, T, B) for _ in range(3)]
    leaves = [p.x.requires_grad_() for p in problems]
    outputs = [layer(x)[0] for x in leaves]
    kept = [y.detach().clone() for y in outputs]
    for n in (1, 0, 2):
        (found,) = torch.autograd.grad(outputs[n], [leaves[n]], problems[n].dy)
        other = to_cpu(problems[n])
        x = other.x.requires_grad_()
        (wanted,) = torch.autograd.grad(reference(x)[0], [x], other.dy)
        assert gpu_runs.distance(found, wanted) < FAR[torch.float32]
    for y, before in zip(outputs, kept, strict=True):
        assert torch.equal(y, before)  # a later call wrote into nothing that was handed out


def test_gradients_add_up_over_calls_and_a_kept_graph_runs_back_twice():
    layer, _ = pair("gru", D, H)
    for _ in range(ROUNDS):
        layer.zero_grad()
        x = draw(layer, T, B).x.requires_grad_()
        y, _ = layer(x)
        loss = y.square().sum()
        loss.backward(retain_graph=True)
        once = [p.grad.clone() for p in (x, *layer.parameters())]
        loss.backward()
        layer(x)[0].square().sum().backward()
        for p, g in zip((x, *layer.parameters()), once, strict=True):
            assert gpu_runs.distance(p.grad, 3 * g) < 1e-5


def test_updates_and_replaced_weights_are_seen():
    layer, reference = pair("lstm_peephole", D, H)
    against_float64(layer, reference, T, B)
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.1)
    layer(draw(layer, T, B).x)[0].square().sum().backward()
    optimizer.step()
    against_float64(layer, twin(layer), T, B)
    with torch.no_grad():
        layer.weight_hh_l0 = torch.nn.Parameter(0.5 * torch.randn_like(layer.weight_hh_l0))
        layer.bias_ih_l0.data = torch.randn_like(layer.bias_ih_l0)
    against_float64(layer, twin(layer), T, B)


def test_layers_of_equal_shapes_do_not_mix():
    layers = [pair("ugrnn", D, H) for _ in range(3)]
    layers.append((copy.deepcopy(layers[0][0]), layers[0][1]))
    problem = draw(layers[0][0], T, B)
    for layer, reference in ROUNDS * layers:
        assert_near(run(layer, problem), run(reference, to_cpu(problem)), FAR[torch.float32])


def test_inference_and_training_at_one_shape():
    layer, reference = pair("janet", D, H)
    for _ in range(ROUNDS):
        problem = draw(layer, T, B)
        with torch.no_grad():
            y, _ = layer(problem.x, problem.hx[0])
            expected, _ = reference(to_cpu(problem).x, to_cpu(problem).hx[0])
        assert not y.requires_grad
        assert gpu_runs.distance(y, expected) < FAR[torch.float32]
        against_float64(layer, reference, T, B)


@pytest.mark.cuda
def test_more_shapes_than_are_kept_and_all_of_them_given_back():
    layer, reference = pair("lstm_nog", 64, 512)

    def held():
        torch.cuda.synchronize()
        torch.cuda.empty_cache()
        return torch.cuda.memory_allocated(), torch.cuda.memory_reserved()

    def call(steps):
        for _ in range(ROUNDS):
            run(layer, draw(layer, steps, 64))

    call(2)  # what cuBLAS keeps for the stream of captures is not ours
    torch_nn.gpu.release()
    before = held()
    for steps in [*range(1, torch_nn.gpu.SHAPES + 4), 1, 2]:
        call(steps)
    full = held()
    torch_nn.gpu.release()
    for was, most, now in zip(before, full, held(), strict=True):
        assert now - was < 0.25 * (most - was)
    against_float64(layer, reference, 2, 64)  # captured once more


def test_a_graph_that_was_given_back_before_its_backward():
    layer, reference = pair("lstm_nig", D, H)
    against_float64(layer, reference, T, B)
    problem = draw(layer, T, B)
    x, other = problem.x.requires_grad_(), to_cpu(problem)
    y, _ = layer(x)
    torch_nn.gpu.release()
    (found,) = torch.autograd.grad(y, [x], problem.dy)
    leaf = other.x.requires_grad_()
    (wanted,) = torch.autograd.grad(reference(leaf)[0], [leaf], other.dy)
    assert gpu_runs.distance(found, wanted) < FAR[torch.float32]


@pytest.mark.cuda
def test_tf32_is_a_setting_of_every_call():
    layer, reference = pair("lstm_peephole", 128, 128)
    problem, matmul = draw(layer, T, 64), torch.backends.cuda.matmul
    expected = run(reference, to_cpu(problem))
    before = matmul.allow_tf32
    try:
        for allowed, far in ((False, 2e-5), (True, 1e-2), (False, 2e-5)):
            matmul.allow_tf32 = allowed
            assert_near(run(layer, problem), expected, far)
    finally:
        matmul.allow_tf32 = before


@pytest.mark.parametrize("dtype", HALF, ids=str)
def test_autocast_gives_what_the_loop_gives(dtype):
    layer, reference = pair("lstm_peephole", D, H)
    for _ in range(ROUNDS):
        problem = draw(layer, T, B)
        with torch.autocast(DEVICE, dtype=dtype):
            y, _ = layer(problem.x)
            found = run(layer, problem)
        assert y.dtype in (dtype, torch.float32)  # nn.LSTM gives autocast's, the loop the input's
        assert_near(found, run(reference, to_cpu(problem)), FAR[dtype])


@pytest.mark.cuda
def test_another_stream_waits_for_its_input_and_keeps_its_output():
    layer, reference = pair("lstm_cifg", 256, 256)
    problem = draw(layer, 64, 8)
    expected = run(reference, to_cpu(problem))
    for _ in range(ROUNDS + 1):
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            slow = torch.zeros(1, device=DEVICE)
            torch.cuda._sleep(5_000_000)
            found = run(layer, problem._replace(x=problem.x + slow))
            waste = [torch.full_like(problem.x, float("nan")) for _ in range(8)]
        torch.cuda.current_stream().wait_stream(stream)
        assert_near(found, expected, FAR[torch.float32])
        del waste


@pytest.mark.parametrize("compiler", ["eager", "inductor"])
def test_compiled_around_it(compiler):
    layer, reference = pair("lstm_peephole", D, H)
    torch._dynamo.reset()
    compiled = torch.compile(layer, backend=compiler)
    for _ in range(ROUNDS):
        problem = draw(layer, 4, B)
        x, other = problem.x.requires_grad_(), to_cpu(problem)
        y, _ = compiled(x)
        (found,) = torch.autograd.grad(y, [x], problem.dy)
        leaf = other.x.requires_grad_()
        expected, _ = reference(leaf)
        (wanted,) = torch.autograd.grad(expected, [leaf], other.dy)
        assert gpu_runs.distance(y, expected) < FAR[torch.float32]
        assert gpu_runs.distance(found, wanted) < FAR[torch.float32]


@pytest.mark.cuda
def test_inside_a_graph_of_the_callers():
    layer, reference = pair("lstm_peephole", D, H)
    x = draw(layer, T, B).x
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.no_grad(), torch.cuda.stream(stream):
        layer(x)
    torch.cuda.current_stream().wait_stream(stream)
    whole = torch.cuda.CUDAGraph()
    with torch.no_grad(), torch.cuda.graph(whole):
        y, _ = layer(x)
    x.copy_(torch.randn_like(x))
    y.fill_(float("nan"))
    whole.replay()
    with torch.no_grad():
        assert gpu_runs.distance(y, reference(gpu_runs.wide(x))[0]) < FAR[torch.float32]


def test_derivatives_of_derivatives():
    layer, reference = pair("lstm_peephole", 2, 4)
    problem = draw(layer, 3, 2)
    found = []
    for of, p in ((layer, problem), (reference, to_cpu(problem))):
        x = p.x.requires_grad_()
        (first,) = torch.autograd.grad(of(x)[0], [x], p.dy, create_graph=True)
        found.append(torch.autograd.grad(first.square().sum(), [x, *of.parameters()]))
    for ours, theirs in zip(*found, strict=True):
        assert gpu_runs.distance(ours, theirs) < 1e-4


@pytest.mark.parametrize("key", ["lstm", "gru_2014", "lstm_fgr", "lstm_peephole", "slstm"])
def test_deterministic_mode_gives_the_same_bits_or_is_refused(key):
    steps, rows, units = (4, 2, 8) if gpu_runs.REHEARSAL else (32, 8, 64)
    layer, reference = pair(key, units, units)
    assert key != "lstm" or gpu_runs.has_deterministic_form(layer)
    if not gpu_runs.has_deterministic_form(layer):
        layer.backend = "auto"
    problem = draw(layer, steps, rows)
    with gpu_runs.deterministic():
        one, *others = [run(layer, problem) for _ in range(1 + ROUNDS)]
    for other in others:
        for a, b in zip(one, other, strict=True):
            assert all(torch.equal(a[name], b[name]) for name in a)
    assert_near(one, run(reference, to_cpu(problem)), FAR[torch.float32])


@pytest.mark.cuda
def test_auto_takes_what_the_cell_allows():
    for key, first in (("lstm", "native"), ("mingru", "scan"), ("lstm_peephole", "graph")):
        layer = torch_nn.Recurrent(key, D, H, device=DEVICE)
        assert layer.why().startswith(first)  # of a hundred steps


def test_a_nan_of_one_row_stays_in_it():
    layer, _ = pair("lstm_peephole", D, H)
    x = draw(layer, T, B).x
    x[2, 1] = float("nan")
    with torch.no_grad():
        y, _ = layer(x)
    assert y[:2].isfinite().all() and y[:, ::2].isfinite().all()
    assert y[2:, 1].isnan().all()
