// What the worker may do, container by container and queue by queue: it meets bytes from outside, so it can neither change images
// nor models, nor read jobs or checkpoints. A test runs a worker and compares what it touches with this list.

import { containers, hostContainers, poisonSuffix, queues, taskHub } from 'names.bicep'
import { roles } from 'roles.bicep'

param storageName string
param identityName string

resource account 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: storageName

  resource blobs 'blobServices' existing = { name: 'default' }
  resource queueService 'queueServices' existing = { name: 'default' }
}

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = { name: identityName }

var onContainers = concat(
  [
    { name: containers.images, role: roles.storageBlobDataReader }
    { name: containers.models, role: roles.storageBlobDataReader }
    { name: containers.staging, role: roles.storageBlobDataContributor }
    // It writes the results of a batch itself when the orchestration has ended meanwhile.
    { name: containers.detections, role: roles.storageBlobDataContributor }
  ],
  // The Functions host asks for this role where its locks and keys are.
  map(hostContainers, name => { name: name, role: roles.storageBlobDataOwner }),
  // Raising an event: the durable client makes sure that the hub is there, reads the instance, and queues the event.
  [{ name: taskHub.leases, role: roles.storageBlobDataContributor }]
)

// Contributor, since the queue trigger renews a message while it works on it, and that is a write.
var onQueues = [
  queues.batches
  '${queues.batches}${poisonSuffix}'
  taskHub.controlQueue
  taskHub.workItemQueue
]

resource containerResources 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' existing = [
  for item in onContainers: {
    parent: account::blobs
    name: item.name
  }
]

resource containerAssignments 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (item, i) in onContainers: {
    name: guid(account.id, item.name, 'container', identity.id, item.role)
    scope: containerResources[i]
    properties: {
      principalId: identity.properties.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', item.role)
    }
  }
]

resource queueResources 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-01-01' existing = [
  for name in onQueues: {
    parent: account::queueService
    name: name
  }
]

resource queueAssignments 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (name, i) in onQueues: {
    name: guid(account.id, name, 'queue', identity.id)
    scope: queueResources[i]
    properties: {
      principalId: identity.properties.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId(
        'Microsoft.Authorization/roleDefinitions',
        roles.storageQueueDataContributor
      )
    }
  }
]

// On the account: making sure that a table is there is a request to the table service, not to the table. The hub's are the only ones.
resource tableAssignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, identity.id, roles.storageTableDataContributor)
  scope: account
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles.storageTableDataContributor
    )
  }
}
