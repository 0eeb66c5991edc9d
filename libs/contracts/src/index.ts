export * from './asyncapi.js';
export * from './events/index.js';
export * as autoscalerV1 from './gen/penstock/autoscaler/v1/autoscaler.js';
export * as gangplacerV1 from './gen/penstock/gangplacer/v1/gangplacer.js';
export * as kvindexV1 from './gen/penstock/kvindex/v1/kvindex.js';
export * as kvnodeV1 from './gen/penstock/kvnode/v1/kvnode.js';
export * as kvoffloadV1 from './gen/penstock/kvoffload/v1/kvoffload.js';
export * as schedulerV1 from './gen/penstock/scheduler/v1/scheduler.js';
export * from './resources/index.js';
