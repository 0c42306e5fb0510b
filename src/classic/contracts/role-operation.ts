/** Data contracts of what can be done to a running virtual machine. Imitates "Shutdown Role" and its siblings. */
import { contract } from '../xml/contract.js';
import { enumeration, ignored, list, optional, required, text } from '../xml/contract-types.js';

const OperationType = optional(text);
const PostShutdownAction = optional(enumeration('PostShutdownAction', ['Stopped', 'StoppedDeallocated']));
const Roles = optional(list('Name', text));

export const StartRoleOperation = contract('StartRoleOperation', { OperationType });
export const RestartRoleOperation = contract('RestartRoleOperation', { OperationType });
export const ShutdownRoleOperation = contract('ShutdownRoleOperation', { OperationType, PostShutdownAction });

/** The machine becomes an image and, in the end, goes or stays; the image itself is not kept. */
export const CaptureRoleOperation = contract('CaptureRoleOperation', {
  OperationType,
  PostCaptureAction: required(enumeration('PostCaptureAction', ['Delete', 'Reprovision'])),
  ProvisioningConfiguration: optional(ignored),
  SupportsStatelessDeployment: optional(ignored),
  TargetImageLabel: optional(text),
  TargetImageName: optional(text),
});

/** A generalised machine is gone after its capture, a specialised one stays. */
export const CaptureRoleAsVmImageOperation = contract('CaptureRoleAsVMImageOperation', {
  OperationType,
  OSState: required(enumeration('OSState', ['Generalized', 'Specialized'])),
  VMImageName: optional(text),
  VMImageLabel: optional(text),
  Description: optional(ignored),
  Language: optional(ignored),
  ImageFamily: optional(ignored),
  RecommendedVMSize: optional(ignored),
});

export const StartRolesOperation = contract('StartRolesOperation', { OperationType, Roles });
export const ShutdownRolesOperation = contract('ShutdownRolesOperation', { OperationType, Roles, PostShutdownAction });
