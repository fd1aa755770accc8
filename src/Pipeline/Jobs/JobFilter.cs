using Microsoft.Extensions.FileSystemGlobbing;

namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>A job's glob over blob names.</summary>
internal sealed class JobFilter
{
    private readonly Matcher? _matcher;
    private readonly int _start;

    /// <param name="prefix">The part of every name that is not matched, up to its last slash.</param>
    /// <param name="glob">For example <c>**/*.jpg</c>; null to let everything through.</param>
    internal JobFilter(string prefix, string? glob)
    {
        _start = prefix.LastIndexOf('/') + 1;
        if (!string.IsNullOrEmpty(glob))
        {
            _matcher = new Matcher(StringComparison.Ordinal);
            _matcher.AddInclude(glob);
        }
    }

    internal bool Matches(string name) => _matcher is null || _matcher.Match(name[_start..].TrimStart('/')).HasMatches;
}
