// Uploads become messages: Event Grid tells queue `events` about new images and checkpoints. What cannot be delivered within a day is
// kept as a blob. It acts by the topic's system-assigned identity: through the firewall of an account Event Grid takes no other.

import { containers, eventDeadLetters, queues } from 'names.bicep'
import { roles } from 'roles.bicep'

param location string
param tags object
param topicName string
param storageName string

resource account 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: storageName

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource deadLetters 'containers' existing = { name: eventDeadLetters }
  }

  resource queueService 'queueServices' existing = {
    name: 'default'

    resource events 'queues' existing = { name: queues.events }
  }
}

resource mayQueue 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account::queueService::events.id, topic.id, roles.storageQueueDataMessageSender)
  scope: account::queueService::events
  properties: {
    principalId: topic.identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles.storageQueueDataMessageSender
    )
  }
}

resource mayKeep 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account::blobs::deadLetters.id, topic.id, roles.storageBlobDataContributor)
  scope: account::blobs::deadLetters
  properties: {
    principalId: topic.identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles.storageBlobDataContributor
    )
  }
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: topicName
  location: location
  tags: tags
  identity: { type: 'SystemAssigned' }
  properties: {
    source: account.id
    topicType: 'Microsoft.Storage.StorageAccounts'
  }
}

var announced = [containers.images, containers.checkpoints]

resource uploads 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = [
  for container in announced: {
    parent: topic
    name: container
    properties: {
      eventDeliverySchema: 'CloudEventSchemaV1_0'
      filter: {
        // A file of a data lake is usually committed by renaming it.
        includedEventTypes: ['Microsoft.Storage.BlobCreated', 'Microsoft.Storage.BlobRenamed']
        subjectBeginsWith: '/blobServices/default/containers/${container}/'
        // The last call of an upload or a rename; others leave a blob that is not complete yet.
        advancedFilters: [
          {
            key: 'data.api'
            operatorType: 'StringIn'
            values: ['PutBlob', 'PutBlockList', 'FlushWithClose', 'CopyBlob', 'SftpCommit', 'RenameFile', 'SftpRename']
          }
        ]
      }
      deliveryWithResourceIdentity: {
        identity: { type: 'SystemAssigned' }
        destination: {
          endpointType: 'StorageQueue'
          properties: {
            resourceId: account.id
            queueName: queues.events
            queueMessageTimeToLiveInSeconds: -1
          }
        }
      }
      deadLetterWithResourceIdentity: {
        identity: { type: 'SystemAssigned' }
        deadLetterDestination: {
          endpointType: 'StorageBlob'
          properties: {
            resourceId: account.id
            blobContainerName: eventDeadLetters
          }
        }
      }
      retryPolicy: { eventTimeToLiveInMinutes: 1440, maxDeliveryAttempts: 30 }
    }
    dependsOn: [mayQueue, mayKeep]
  }
]
