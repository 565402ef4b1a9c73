"""Sound: every pixel is a mean of itself and its right neighbour, with noise."""

import torch

from priorbench.operators import LinearOperator
from priorbench.problem import Problem
from priorbench.tasks import Task


class Pairs(LinearOperator):
    name = "test-pairs"

    def __init__(self, image_shape, own_weight=0.5):
        super().__init__(image_shape)
        self.own_weight = own_weight

    def forward(self, x):
        return self.own_weight * x + (1 - self.own_weight) * x.roll(-1, -1)

    def adjoint(self, y):
        return self.own_weight * y + (1 - self.own_weight) * y.roll(1, -1)

    def arguments(self):
        return {"image_shape": self.image_shape, "own_weight": self.own_weight}


class Model(Task):
    operator_class, own_weight = Pairs, 0.6

    def __init__(self, sigma):
        self.sigma = sigma / 255

    def corrupt(self, image, generator):
        operator = self.operator_class(image.shape[1:], self.own_weight)
        seen = operator.forward(image)
        return Problem(seen + self.noise(seen, generator), operator, self.sigma)

    def noise(self, seen, generator):
        return self.sigma * torch.randn(seen.shape, generator=generator)

    def observe(self, image, mask=None):
        return Problem(image, self.operator_class(image.shape[1:], self.own_weight), self.sigma)
