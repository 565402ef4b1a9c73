"""Sound: a Gaussian of patches of 2 × 2."""

import math

import torch

from priorbench.priors import PatchPrior

PIXELS = 4
COVARIANCE = 0.05 * torch.ones(PIXELS, PIXELS) + 0.003 * torch.eye(PIXELS)
CENTRE = 0.5


class Model(PatchPrior):
    patch_size = 2

    def log_prob(self, patches):
        x = (patches - CENTRE).double()
        inverse = torch.linalg.inv(COVARIANCE.double())
        squared = (x @ inverse * x).sum(1)
        return (-0.5 * squared - self.log_constant()).float()

    def log_constant(self):
        return 0.5 * (PIXELS * math.log(2 * math.pi) + float(torch.logdet(COVARIANCE.double())))

    def map_estimate(self, patches, noise_variance):
        noise = noise_variance * torch.eye(PIXELS)
        gain = COVARIANCE @ torch.linalg.inv(COVARIANCE + noise)
        return CENTRE + (patches - CENTRE) @ gain.mT

    def sample(self, count, generator):
        factor = torch.linalg.cholesky(COVARIANCE)
        return CENTRE + torch.randn(count, PIXELS, generator=generator) @ factor.mT
