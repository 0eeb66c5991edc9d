import { afterAll, beforeAll } from '@jest/globals';
import { CapacityLab } from './capacity/capacity-lab.js';
import { describeBirth } from './capacity/describe-birth.js';
import { describeBurst } from './capacity/describe-burst.js';
import { describeDeployments } from './capacity/describe-deployments.js';
import { describeNoRoom } from './capacity/describe-no-room.js';
import { describeSleep } from './capacity/describe-sleep.js';
import { describeStartOrder } from './capacity/describe-start-order.js';

const lab = new CapacityLab();
beforeAll(() => lab.start(), 150_000);
afterAll(() => lab.stop(), 60_000);

// One suite for all of them; each leaves it as it was: one engine, six free GPUs.
describeBirth(lab);
describeSleep(lab);
describeDeployments(lab);
describeNoRoom(lab);
describeBurst(lab);
describeStartOrder(lab);
