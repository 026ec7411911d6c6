export { asUser, type AsUserMiddleware, type AsUserOptions, type TestCaller } from './testing/as-user';
export {
  createTestGateway,
  type TestGateway,
  type TestGatewayOptions,
  type TestInvocationOptions,
  type TestTokenOptions,
} from './testing/test-gateway';
export { testUser, type TestUserOptions } from './testing/test-user';
export { withTestUser, type TestContextOptions } from './testing/with-test-user';
