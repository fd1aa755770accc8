using Nanodet.Serverless.Exports.Filters;

namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>A job's glob over blob names, behind the prefix's last slash.</summary>
internal sealed class JobFilter
{
    private readonly NameGlob? _glob;
    private readonly int _start;

    /// <param name="prefix">The part of every name that is not matched, up to its last slash.</param>
    /// <param name="glob">For example <c>**/*.{jpg,png}</c>, without a <see cref="FindProblem"/>; null to let everything through.</param>
    internal JobFilter(string prefix, string? glob)
    {
        _start = prefix.LastIndexOf('/') + 1;
        _glob = string.IsNullOrEmpty(glob) ? null : new NameGlob(glob);
    }

    /// <summary>Why a glob would not mean what it says; null when it does.</summary>
    internal static string? FindProblem(string glob) => NameGlob.FindProblem(glob);

    internal bool Matches(string name) => _glob is null || _glob.Matches(name[_start..]);
}
