from __future__ import annotations

import pytest
import scipy.ndimage
import torch

from priorbench.operators import DecimatedBlur


@pytest.mark.parametrize(("factor", "first"), [(1, 0), (2, 0), (3, 1), (4, 1), (5, 2)])
def test_it_is_a_wrapped_convolution_of_which_the_blocks_middles_are_kept(factor, first):
    generator = torch.Generator().manual_seed(factor)
    kernel = torch.rand((3, 5), dtype=torch.float64, generator=generator)
    image = torch.rand((1, 1, 3 * factor, 6 * factor), dtype=torch.float64, generator=generator)
    found = DecimatedBlur(kernel, (1, 3 * factor, 6 * factor), factor).forward(image)
    expected = scipy.ndimage.convolve(image[0, 0].numpy(), kernel.numpy(), mode="wrap")[
        first::factor, first::factor
    ]
    torch.testing.assert_close(found[0, 0], torch.from_numpy(expected.copy()))
