import torch

from causal_mtl.training.group_warmup import warm_up


def weights():
    return [torch.nn.Parameter(torch.zeros(())) for _ in range(2)]


def optimizer_of(parameters):
    slow, fast = parameters
    groups = [{"params": [slow], "num_warmup_steps": 4}, {"params": [fast]}]
    optimizer = torch.optim.SGD(groups, lr=1.0)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    warm_up(optimizer)
    return optimizer, scheduler


def steps(parameters, optimizer, scheduler, number):
    """How far each parameter goes in each step; the gradient is always -1."""
    moved = []
    for _ in range(number):
        before = [p.item() for p in parameters]
        for p in parameters:
            p.grad = torch.tensor(-1.0)
        optimizer.step()
        scheduler.step()
        moved.append([p.item() - b for p, b in zip(parameters, before, strict=True)])
    return moved


def test_only_the_group_is_warmed_up_whatever_the_scheduler_does():
    parameters = weights()
    moved = steps(parameters, *optimizer_of(parameters), 6)
    scheduled = [0.5**step for step in range(6)]
    assert [fast for _, fast in moved] == scheduled
    assert [slow for slow, _ in moved] == [rate * min(1, (n + 1) / 4) for n, rate in enumerate(scheduled)]


def test_it_goes_on_where_it_was():
    parameters = weights()
    optimizer, scheduler = optimizer_of(parameters)
    first = steps(parameters, optimizer, scheduler, 2)
    again, rates = optimizer_of(parameters)
    again.load_state_dict(optimizer.state_dict())
    rates.load_state_dict(scheduler.state_dict())
    whole = weights()
    assert first + steps(parameters, again, rates, 3) == steps(whole, *optimizer_of(whole), 5)
