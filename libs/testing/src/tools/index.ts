export { type BuildToolsOptions, type BuiltTools, buildTools } from './build-tools.js';
export { downloadModule, type PinnedModule } from './download-module.js';
export { findTool } from './find-tool.js';
export { TOOL_NAMES, type ToolName } from './tool-list.js';
