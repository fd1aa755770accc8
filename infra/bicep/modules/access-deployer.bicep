// What whoever deploys may do with data: what the hooks and docs/operations.md have a person do, and no more. A test compares this with the
// table and the commands there. Publish models and checkpoints, put images in, read results, manifests and dead letters, put an event
// back, see whether queues are empty, and read the function keys, which the host keeps as blobs.

import { containers, eventDeadLetters, keyContainer, queues } from 'names.bicep'
import { roles } from 'roles.bicep'

param storageName string
param principalId string

@allowed(['User', 'Group', 'ServicePrincipal'])
param principalType string

resource account 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: storageName

  resource blobs 'blobServices' existing = { name: 'default' }
  resource queueService 'queueServices' existing = { name: 'default' }
}

var granted = [
  { name: containers.models, role: roles.storageBlobDataContributor }
  { name: containers.checkpoints, role: roles.storageBlobDataContributor }
  { name: containers.images, role: roles.storageBlobDataContributor }
  { name: containers.detections, role: roles.storageBlobDataReader }
  { name: containers.jobs, role: roles.storageBlobDataReader }
  { name: containers.staging, role: roles.storageBlobDataReader }
  { name: eventDeadLetters, role: roles.storageBlobDataReader }
  { name: keyContainer, role: roles.storageBlobDataReader }
]

var onQueues = concat(
  map(items(queues), queue => { name: queue.value, role: roles.storageQueueDataReader }),
  [{ name: queues.events, role: roles.storageQueueDataMessageSender }]
)

resource containerResources 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' existing = [
  for item in granted: {
    parent: account::blobs
    name: item.name
  }
]

resource assignments 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (item, i) in granted: {
    name: guid(account.id, item.name, principalId, item.role)
    scope: containerResources[i]
    properties: {
      principalId: principalId
      principalType: principalType
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', item.role)
    }
  }
]

resource queueResources 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-01-01' existing = [
  for item in onQueues: {
    parent: account::queueService
    name: item.name
  }
]

resource queueAssignments 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (item, i) in onQueues: {
    name: guid(account.id, item.name, 'queue', principalId, item.role)
    scope: queueResources[i]
    properties: {
      principalId: principalId
      principalType: principalType
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', item.role)
    }
  }
]
