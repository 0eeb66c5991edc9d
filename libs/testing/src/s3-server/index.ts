export { type S3ServerCommandOptions, s3ServerCommand } from './s3-server-command.js';
export { S3_SERVER_CREDENTIALS } from './s3-server-credentials.js';
export { type StartS3Options, startS3 } from './start-s3.js';
export { type S3Server, type S3ServerOptions, startS3Server } from './start-s3-server.js';
