// For tests of links between nodes, and of who is in a network, with any runner.
export {
  type LinkAbilities,
  type LinkFixture,
  type LinkNodeOptions,
  linkCompliance,
} from './testing/link-compliance.ts';
export {
  type MembershipAbilities,
  type MembershipFixture,
  membershipCompliance,
} from './testing/membership-compliance.ts';
