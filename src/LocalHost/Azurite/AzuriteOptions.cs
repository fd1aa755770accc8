namespace Nanodet.Serverless.LocalHost.Azurite;

/// <summary>Where Azurite comes from, where it keeps its data and where it listens.</summary>
public sealed class AzuriteOptions
{
    /// <summary>The folder of its data; made when missing.</summary>
    /// <value>Required. Two servers must not share one.</value>
    public required string DataDirectory { get; init; }

    /// <summary>The <c>azurite.js</c> to run.</summary>
    /// <value>
    /// Null looks for 3.35 or later in <c>node_modules</c> of the current folder and its parents, on the PATH, and in the cache.
    /// Default null.
    /// </value>
    public string? ScriptPath { get; init; }

    /// <summary>Whether a missing Azurite may be installed into the cache, once, by npm.</summary>
    /// <value>Default true.</value>
    public bool InstallIfMissing { get; init; } = true;

    /// <summary>The cache folder of the installation.</summary>
    /// <value>Null is <c>nanodet/azurite</c> in <c>$XDG_CACHE_HOME</c>, <c>~/.cache</c>, or the local application data on Windows.</value>
    public string? CacheDirectory { get; init; }

    /// <summary>The Node executable, 20 or later.</summary>
    /// <value>Default <c>node</c>, from the PATH.</value>
    public string NodePath { get; init; } = "node";

    /// <summary>The port of the blob service.</summary>
    /// <value>0 to 65535; 0 takes a free one. Default 0.</value>
    public int BlobPort { get; init; }

    /// <summary>The port of the queue service.</summary>
    /// <value>0 to 65535; 0 takes a free one. Default 0.</value>
    public int QueuePort { get; init; }

    /// <summary>The port of the table service.</summary>
    /// <value>0 to 65535; 0 takes a free one. Default 0.</value>
    public int TablePort { get; init; }

    /// <summary>A file that gets one line per storage operation, to count them.</summary>
    /// <value>Null keeps no such file. Default null.</value>
    public string? AccessLogPath { get; init; }

    /// <summary>Whether Azurite lets pass headers and parameters that it does not know.</summary>
    /// <value>Default false.</value>
    public bool Loose { get; init; }

    /// <summary>Who is told what the start is doing, from the thread that does it.</summary>
    /// <value>Default null.</value>
    public IProgress<AzuriteStage>? Progress { get; init; }

    /// <summary>How long it may take to listen.</summary>
    /// <value>Above zero. Default 60 s; an installation is not counted.</value>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(60);
}
