namespace Nanodet.Serverless.Pipeline.Storage;

/// <summary>One thing that the app does with storage, tried.</summary>
/// <param name="Name">What was tried.</param>
/// <param name="Problem">Why it does not work, and what mends it; null when it works.</param>
/// <param name="MissingRole">The role of the identity that is missing, by its name in Azure; null when that is not the reason.</param>
public sealed record StorageCheck(string Name, string? Problem = null, string? MissingRole = null)
{
    /// <summary>True when it works.</summary>
    public bool Passed => Problem is null;
}
