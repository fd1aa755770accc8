namespace Nanodet.Serverless.Pipeline.Storage;

/// <summary>Creates the containers and queues that are missing.</summary>
public sealed class StorageSetup
{
    /// <summary>Creates what is missing; what is there stays as it is.</summary>
    public Task EnsureAsync(CancellationToken cancellationToken) => throw new NotImplementedException();
}
