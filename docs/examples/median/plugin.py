from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(name="median", factory=".model:Median", summary="3 × 3 median filter")
