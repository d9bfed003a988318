/** @file
 * Shardstep: the whole public interface but shardstep/must.h, which is for programs only. */
#ifndef SHARDSTEP_H
#define SHARDSTEP_H

#include "shardstep/augment.h"
#include "shardstep/batch.h"
#include "shardstep/checkpoint.h"
#include "shardstep/collective.h"
#include "shardstep/context.h"
#include "shardstep/dataset.h"
#include "shardstep/draws.h"
#include "shardstep/failures.h"
#include "shardstep/fields.h"
#include "shardstep/gradient.h"
#include "shardstep/layout.h"
#include "shardstep/loader.h"
#include "shardstep/metrics.h"
#include "shardstep/optimizer.h"
#include "shardstep/random.h"
#include "shardstep/record.h"
#include "shardstep/statistics.h"
#include "shardstep/status.h"
#include "shardstep/tensor.h"
#include "shardstep/times.h"

#ifndef SHARDSTEP_NO_MPI /* defined where Shardstep was built without MPI */
#include "shardstep/mpi.h"
#endif

#endif
