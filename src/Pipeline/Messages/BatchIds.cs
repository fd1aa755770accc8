using System.Text.RegularExpressions;

namespace Nanodet.Serverless.Pipeline.Messages;

/// <summary>Ids of jobs and batches. They become parts of blob names and instance ids, so nothing else is taken for one.</summary>
internal static partial class BatchIds
{
    /// <summary>True for a text that can be a job's id: 1 to 64 letters, digits and hyphens, none of them at an end.</summary>
    internal static bool IsJobId(string? text) => text is not null && JobPattern().IsMatch(text);

    /// <summary>True for a text that can be a batch's id: a hash, or a job's id with a page and an offset.</summary>
    internal static bool IsBatchId(string? text) => text is not null && BatchPattern().IsMatch(text);

    // Not '$', which is also the place before a last line feed.
    [GeneratedRegex(@"^[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex JobPattern();

    [GeneratedRegex(@"^[A-Za-z0-9](?:[A-Za-z0-9-]{0,98}[A-Za-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex BatchPattern();
}
