namespace Nanodet.Serverless.LocalHost.Azurite;

/// <summary>What <see cref="AzuriteServer.StartAsync"/> is doing.</summary>
public enum AzuriteStage
{
    /// <summary>npm installs it into the cache, which happens once for each user and version.</summary>
    Installing,

    /// <summary>Its process starts and begins to listen.</summary>
    Starting,
}
