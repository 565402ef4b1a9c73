# `snakemake` in a checkout starts here. The workflow is where other workflows and the catalog look for it.
include: "workflow/Snakefile"


# That of an included file counts for nothing.
workflow.default_target = "all"
