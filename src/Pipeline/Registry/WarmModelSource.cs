namespace Nanodet.Serverless.Pipeline.Registry;

/// <summary>Where the warm model comes from.</summary>
public enum WarmModelSource
{
    /// <summary>From the blob that the pointer <c>current.json</c> names.</summary>
    Pointer,

    /// <summary>From a blob that the settings name.</summary>
    Blob,

    /// <summary>From a file on this machine.</summary>
    File,
}
