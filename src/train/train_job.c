#include "train_job.h"

#include "core_memory.h"

void train_job_free(struct train_job *job)
{
    core_free(&job->path);
    train_labels_free(&job->labels);
    train_layout_free(&job->layout);
}

shs_status train_job_begin(struct train_job *job)
{
    return train_file_lay_out(job->path, &job->state, &job->labels, &job->layout);
}

/* Sets the checksum of the content. */
static shs_status seal(struct train_job *job)
{
    char checksum[CORE_DIGEST_TEXT];
    void **contents = NULL;
    shs_status status = core_new(job->state.count, sizeof *contents, "a state", &contents);
    for (size_t t = 0; t < job->state.count && !status; t++)
        contents[t] = job->state.tensors[t].data;
    if (!status) status = train_labels_digest(&job->labels, &job->state, contents, checksum);
    if (!status) train_layout_seal(&job->layout, checksum);
    core_free(&contents);
    return status;
}

shs_status train_job_do(struct train_job *job)
{
    shs_status status = seal(job);
    if (status) return status;
    return io_write_pieces(job->path, job->layout.pieces, job->layout.n_pieces, job->checksum);
}
