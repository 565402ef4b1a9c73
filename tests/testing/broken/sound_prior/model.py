"""Sound: averages neighbours a few times."""

import torch.nn.functional as F

from priorbench.priors import Prior, Restoration

STEPS = 4


class Model(Prior):
    def restore(self, problem, context):
        image = problem.estimate()
        for step in range(STEPS):
            if context.time_left() < 0:
                return Restoration(image, timed_out=True)
            image = smoothed(image)
            context.progress((step + 1) / STEPS)
        return Restoration(image)


def smoothed(image):
    padded = F.pad(image, (1, 1, 1, 1), mode="replicate")
    return 0.5 * image + 0.5 * F.avg_pool2d(padded, 3, stride=1)
