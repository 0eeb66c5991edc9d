import { Controller, Get, Inject, Post, Req, Res } from '@nestjs/common';
import { ServiceError } from '@penstock/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { InstanceSource } from '../../application/match-instances.js';
import { queryHashes } from '../../application/query-hashes.js';
import { queryInstances } from '../../application/query-instances.js';
import type { IndexParts } from '../../assemble-index.js';
import { PARTS } from '../../injection-tokens.js';
import { conductorMatches, conductorServices, dynamoMatches, dynamoWorkers, serviceKey } from './answers.js';
import { readBody, readBodyWithHashes } from './read-body.js';
import {
  conductorQuery,
  conductorRegistration,
  conductorRemoval,
  dynamoQuery,
  dynamoRegistration,
  dynamoRemoval,
  hashQuery,
} from './requests.js';

/**
 * HTTP as Mooncake's Conductor and Dynamo's standalone indexer define it. They differ in names: a body with `model_name`
 * is Dynamo's and is answered as Dynamo does, every other one as Conductor does.
 */
@Controller()
export class ConductorController {
  constructor(@Inject(PARTS) private readonly parts: IndexParts) {}

  @Post('/query')
  async query(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const body = readBody(request.body);
    await this.parts.metrics.timeAnswer('query', async () => {
      const isDynamo = 'model_name' in body;
      const query = isDynamo ? dynamoQuery.parse(body) : conductorQuery.parse(body);
      const matches = await queryInstances(this.source(), query);
      if (isDynamo && matches.length === 0) throw noInstance(query.model, query.tenantId);
      send(reply, 200, isDynamo ? dynamoMatches(matches) : conductorMatches(query.tenantId, matches));
    });
  }

  @Post('/query_by_hash')
  async queryByHash(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const body = readBodyWithHashes(request.body);
    if ('block_hashes' in body) {
      throw new ServiceError(
        'unimplemented',
        'Dynamo hashes each block by its own tokens, which is not kept here',
        'block_hashes',
        "send seq_hashes with the hashes of the engines' events, or token_ids to /query",
      );
    }
    await this.parts.metrics.timeAnswer('query_by_hash', async () => {
      const query = hashQuery.parse(body);
      const matches = await queryHashes(this.source(), query);
      send(reply, 200, conductorMatches(query.tenantId, matches));
    });
  }

  @Post('/register')
  register(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    const body = readBody(request.body);
    if ('model_name' in body) {
      this.parts.registry.register(parsed(dynamoRegistration, body));
      send(reply, 201, { status: 'ok' });
      return;
    }
    const registration = parsed(conductorRegistration, body);
    this.parts.registry.register(registration);
    send(reply, 200, { status: 'registered successfully', instance_id: registration.instanceId });
  }

  @Post('/unregister')
  unregister(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    const body = readBody(request.body);
    const isDynamo = 'model_name' in body;
    const which = isDynamo ? parsed(dynamoRemoval, body) : parsed(conductorRemoval, body);
    const removed = this.parts.registry.unregister(which);
    if (removed.length === 0) {
      const howToFix = 'GET /services lists what is registered';
      throw new ServiceError('not-found', 'no such registration', 'instance_id', howToFix);
    }
    const removedInstances = removed.map(serviceKey);
    if (isDynamo) send(reply, 200, { status: 'ok' });
    else send(reply, 200, { status: 'unregistered successfully', removed_instances: removedInstances });
  }

  @Get('/services')
  services(@Res() reply: FastifyReply): void {
    send(reply, 200, conductorServices(this.parts.registry.registrations()));
  }

  @Get('/workers')
  workers(@Res() reply: FastifyReply): void {
    send(reply, 200, dynamoWorkers(this.parts.registry.registrations()));
  }

  /** That the process answers; `/readyz` of the metrics port says how it stands. */
  @Get('/health')
  health(@Res() reply: FastifyReply): void {
    send(reply, 200, { status: 'ok' });
  }

  private source(): InstanceSource {
    const { index, engines, registry } = this.parts;
    return { index, engines: engines.engines(), registry };
  }
}

function parsed<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  return schema.parse(body);
}

function noInstance(model: string, tenantId: string): ServiceError {
  const howToFix = '/register one, or see whether its pool is served';
  return new ServiceError('not-found', `no instance of "${model}" in "${tenantId}"`, 'model_name', howToFix);
}

function send(reply: FastifyReply, status: number, answer: unknown): void {
  reply.code(status).header('content-type', 'application/json').send(JSON.stringify(answer));
}
