"""Sound: tiles that are sums of three smooth functions."""

import torch

from priorbench.priors import Generator

SIZE = 16


class Model(Generator):
    tile_size, latent_size = SIZE, 3

    def __init__(self):
        line = torch.linspace(-1, 1, SIZE)
        rows, columns = line[:, None].expand(SIZE, SIZE), line.expand(SIZE, SIZE)
        self.functions = 0.1 * torch.stack([rows, columns, rows * columns])

    def decode(self, z):
        return torch.einsum("nl,lij->nij", z, self.functions.to(z))

    def encode(self, tiles, sigma):
        products = torch.einsum("nij,lij->nl", tiles, self.functions.to(tiles))
        return products / self.functions.square().sum((1, 2)).to(tiles)

    def deviation(self, z):
        return 0.05
