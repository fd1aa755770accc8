namespace Nanodet.Serverless.EndToEnd.Tests.Hosting;

/// <summary>What a request to storage needs.</summary>
internal enum AccessKind
{
    /// <summary>To read.</summary>
    Read,

    /// <summary>To create, write, take or delete.</summary>
    Change,
}
