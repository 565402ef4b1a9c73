"""The specs of the library's tasks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Literal

from pydantic import Field, field_validator

from priorbench.data.folder import expand
from priorbench.data.image_names import safe_names
from priorbench.errors import unknown
from priorbench.plugins.hookspecs import hookimpl
from priorbench.specs import Parameters, TaskSpec
from priorbench.specs.solver_settings import Regime

KERNELS = (
    "gaussian",
    "box",
    "disk",
    "motion",
    "shake1",
    "shake2",
    *(f"levin{number}" for number in range(1, 9)),
)
KERNEL = re.compile(r"gaussian|box|disk|motion|levin[1-8]|shake\d+")


class KernelFile(str):
    """The path of a kernel; in an id, the file's name of letters, digits, ``.``, ``_``, ``-``."""

    def __format__(self, form: str) -> str:
        name = PurePath(self)
        return format(safe_names([PurePath(name.stem)])[0] + name.suffix.lower(), form)


class DenoiseParameters(Parameters):
    """Parameters of denoising."""

    sigma: float = Field(25, ge=0, description="standard deviation of the noise on the 0-255 scale")


class PoissonParameters(Parameters):
    """Parameters of photon noise."""

    peak: float = Field(30, gt=0, description="expected photons where the image is white")


class SaltPepperParameters(Parameters):
    """Parameters of salt-and-pepper noise."""

    percent: float = Field(
        30, gt=0, lt=100, description="values that are turned into black or white, in percent"
    )


class DeblurParameters(Parameters):
    """Parameters of de-blurring."""

    kernel: str = Field(
        "shake1",
        description="gaussian, box, disk, motion, shake1, shake2, … (generated), levin1 to levin8 "
        "(downloaded), or a file: a gray image, or a matrix in NumPy's format .npy; "
        "$VARIABLES and ~ are expanded",
    )
    sigma: float = Field(
        2.55, ge=0, description="standard deviation of the noise on the 0-255 scale"
    )
    boundary: Literal["circular", "valid"] = Field(
        "circular",
        description="circular, or valid: only what no unseen pixel has touched is observed",
    )

    @field_validator("kernel")
    @classmethod
    def _is_known(cls, value: str) -> str:
        if KERNEL.fullmatch(value):
            return value
        if "." not in value and "/" not in value:
            raise ValueError(unknown("kernel", value, KERNELS) + ", or a file such as kernel.png")
        if not expand(value).is_file():
            raise ValueError(f"{expand(value)} does not exist")
        path = str(expand(value))
        return KernelFile(path if "." in path or "/" in path else f"./{path}")


class MissingParameters(Parameters):
    """Parameters of inpainting in shapes."""

    sigma: float = Field(
        0,
        ge=0,
        description="standard deviation of the noise on the known pixels, on the 0-255 scale",
    )


class InpaintParameters(MissingParameters):
    """Parameters of inpainting random pixels."""

    missing: float = Field(50, gt=0, lt=100, description="missing pixels in percent")


class MaskParameters(MissingParameters):
    """Parameters of inpainting with a mask of one's own."""

    mask: str = Field(
        description="image file of the images' size, white and opaque where a pixel is known; "
        "$VARIABLES and ~ are expanded"
    )

    @field_validator("mask")
    @classmethod
    def _exists(cls, value: str) -> str:
        if not expand(value).is_file():
            raise ValueError(f"{expand(value)} does not exist")
        return str(expand(value))


class SuperResolveParameters(Parameters):
    """Parameters of super-resolution."""

    factor: Literal[2, 3, 4, 8] = Field(
        2, description="how many times smaller each side of the observation is"
    )
    kernel: Literal["bicubic", "lanczos2", "area", "gaussian"] = Field(
        "bicubic",
        description="bicubic (MATLAB's imresize), lanczos2, area, or gaussian (a blur, then every "
        "n-th pixel)",
    )
    sigma: float = Field(0, ge=0, description="standard deviation of the noise on the 0-255 scale")


class SenseParameters(Parameters):
    """Parameters of compressed sensing."""

    ratio: float = Field(25, gt=0, le=100, description="observations in percent of the pixels")
    sigma: float = Field(0, ge=0, description="standard deviation of the noise on the 0-255 scale")


class JpegParameters(Parameters):
    """Parameters of JPEG compression."""

    quality: int = Field(10, ge=1, le=100, description="quality as libjpeg counts")


def _kernel_file(parameters: DeblurParameters) -> list[Path]:
    return [Path(parameters.kernel)] if isinstance(parameters.kernel, KernelFile) else []


def _mask_file(parameters: MaskParameters) -> list[Path]:
    return [Path(parameters.mask)]


def _denoising(parameters: Parameters) -> tuple[Regime, ...]:
    return ()


def _missing(parameters: Parameters) -> tuple[Regime, ...]:
    return ("missing",)


def _sensed(parameters: Parameters) -> tuple[Regime, ...]:
    return ("sensed",)


def _mixed(
    parameters: DeblurParameters | SuperResolveParameters,
) -> tuple[Regime, ...]:
    return ("mixed",) if parameters.sigma > 0 else ("mixed_noise_free",)


@hookimpl
def register_tasks() -> Iterator[TaskSpec]:
    """Yield the tasks of the field."""
    yield TaskSpec(
        name="denoise",
        id="denoise-{sigma:g}",
        label="denoise σ={sigma:g}",
        factory="priorbench.tasks:Denoise",
        parameters=DenoiseParameters,
        regimes=_denoising,
        summary="white Gaussian noise, neither clipped nor rounded",
    )
    yield TaskSpec(
        name="denoise-blind",
        id="denoise-blind-{sigma:g}",
        label="denoise blind σ={sigma:g}",
        factory="priorbench.tasks:DenoiseBlind",
        parameters=DenoiseParameters,
        regimes=_denoising,
        summary="white Gaussian noise of unknown σ, which is estimated from the noisy image",
        reference="doi:10.1109/TIP.2013.2283400",
    )
    yield TaskSpec(
        name="denoise-poisson",
        id="denoise-poisson-{peak:g}",
        label="Poisson peak={peak:g}",
        factory="priorbench.tasks:DenoisePoisson",
        parameters=PoissonParameters,
        regimes=_denoising,
        summary="photon noise",
        reference="doi:10.1109/TIP.2010.2056693",
    )
    yield TaskSpec(
        name="denoise-saltpepper",
        id="denoise-saltpepper-{percent:g}",
        label="salt&pepper {percent:g}%",
        factory="priorbench.tasks:DenoiseSaltPepper",
        parameters=SaltPepperParameters,
        regimes=_missing,
        summary="values turned into black or white; all that is black or white counts as missing",
    )
    yield TaskSpec(
        name="denoise-guided",
        id="denoise-guided-{sigma:g}",
        label="denoise guided σ={sigma:g}",
        factory="priorbench.tasks:DenoiseGuided",
        parameters=DenoiseParameters,
        regimes=_denoising,
        summary="a flash photograph guides a noisy dark one",
        reference="doi:10.1145/1015706.1015777",
    )
    yield TaskSpec(
        name="deblur",
        id="deblur-{kernel}-{sigma:g}",
        label="deblur {kernel} σ={sigma:g}",
        factory="priorbench.tasks:Deblur",
        parameters=DeblurParameters,
        regimes=_mixed,
        files=_kernel_file,
        summary="a known blur and white Gaussian noise",
        reference="doi:10.1109/CVPR.2009.5206815",
    )
    yield TaskSpec(
        name="inpaint",
        id="inpaint-{missing:g}",
        label="inpaint {missing:g}%",
        factory="priorbench.tasks:Inpaint",
        parameters=InpaintParameters,
        regimes=_missing,
        summary="random pixels are missing, the same in all channels; the known ones may be noisy",
    )
    for shape, summary in (
        ("text", "lines of text lie over the image"),
        ("scratch", "thin scratches cross the image"),
        ("block", "square holes"),
    ):
        yield TaskSpec(
            name=f"inpaint-{shape}",
            label=f"inpaint {shape}",
            factory=f"priorbench.tasks:Inpaint{shape.capitalize()}",
            parameters=MissingParameters,
            regimes=_missing,
            summary=summary,
        )
    yield TaskSpec(
        name="inpaint-mask",
        label="inpaint mask",
        factory="priorbench.tasks:InpaintMask",
        parameters=MaskParameters,
        regimes=_missing,
        files=_mask_file,
        summary="pixels that a mask of one's own shows black are missing",
    )
    yield TaskSpec(
        name="sr",
        id="sr-x{factor}",
        label="super-resolve ×{factor}",
        factory="priorbench.tasks:SuperResolve",
        parameters=SuperResolveParameters,
        regimes=_mixed,
        summary="the image on a coarser grid; scored on luma, a border as wide as the factor cut",
        reference="doi:10.1109/TIP.2016.2567075",
    )
    yield TaskSpec(
        name="cs",
        id="cs-{ratio:g}",
        label="sense {ratio:g}%",
        factory="priorbench.tasks:Sense",
        parameters=SenseParameters,
        regimes=_sensed,
        summary="compressed sensing by random projections of the whole image",
        reference="doi:10.1109/TSP.2011.2170977",
    )
    yield TaskSpec(
        name="jpeg",
        id="jpeg-{quality}",
        label="JPEG quality {quality}",
        factory="priorbench.tasks:Jpeg",
        parameters=JpegParameters,
        regimes=_denoising,
        summary="compression artefacts; there is no linear operator",
    )
