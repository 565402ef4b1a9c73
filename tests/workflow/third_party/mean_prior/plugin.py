from priorbench import PriorSpec, hookimpl


@hookimpl
def register_priors():
    yield PriorSpec(
        name="mean", factory=".model:Mean", summary="3 × 3 mean filter", restorations_per_job=100
    )
