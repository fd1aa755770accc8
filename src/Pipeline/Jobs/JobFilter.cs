using Microsoft.Extensions.FileSystemGlobbing;

namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>A job's glob over blob names: <c>*</c>, <c>**</c>, and alternatives such as <c>{jpg,png}</c>.</summary>
internal sealed class JobFilter
{
    private const int MaxPatterns = 64;

    private readonly Matcher? _matcher;
    private readonly int _start;

    /// <param name="prefix">The part of every name that is not matched, up to its last slash.</param>
    /// <param name="glob">For example <c>**/*.{jpg,png}</c>, without a <see cref="FindProblem"/>; null to let everything through.</param>
    internal JobFilter(string prefix, string? glob)
    {
        _start = prefix.LastIndexOf('/') + 1;
        if (!string.IsNullOrEmpty(glob))
        {
            _matcher = new Matcher(StringComparison.Ordinal);
            _matcher.AddIncludePatterns(Expand(glob));
        }
    }

    /// <summary>Why a glob would not mean what it says; null when it does.</summary>
    internal static string? FindProblem(string glob)
    {
        // Other globs know these. Here they would be letters, and match nothing.
        var place = glob.StartsWith('!') ? 0 : glob.IndexOfAny(['?', '[', ']']);
        return place < 0 ? FindBraceProblem(glob) : $"expected a glob of *, ** and {{a,b}}, found '{glob[place]}'; write * in its place";
    }

    internal bool Matches(string name) => _matcher is null || _matcher.Match(name[_start..].TrimStart('/')).HasMatches;

    private static string? FindBraceProblem(string glob)
    {
        var combinations = 1;
        var alternatives = 0;
        foreach (var letter in glob)
        {
            var isOpen = alternatives > 0;
            switch (letter)
            {
                case '{' when isOpen:
                    return "expected braces that are not nested, found '{' between braces";
                case '{':
                    alternatives = 1;
                    break;
                case ',' when isOpen:
                    alternatives++;
                    break;
                case '}' when !isOpen:
                    return "expected '{' before '}', found none; write * in place of a brace";
                case '}' when alternatives == 1:
                    return "expected two or more alternatives between braces, such as {jpg,png}, found one; write * in place of a brace";
                case '}':
                    combinations *= alternatives;
                    alternatives = 0;
                    if (combinations > MaxPatterns)
                    {
                        return $"expected braces with at most {MaxPatterns} combinations, found more";
                    }

                    break;
            }
        }

        return alternatives > 0 ? "expected '}' after '{', found none; write * in place of a brace" : null;
    }

    /// <summary>One glob without braces for each combination of the alternatives.</summary>
    private static IEnumerable<string> Expand(string glob)
    {
        var open = glob.IndexOf('{');
        if (open < 0)
        {
            return [glob];
        }

        var close = glob.IndexOf('}');
        return glob[(open + 1)..close].Split(',')
            .SelectMany(alternative => Expand(glob[(close + 1)..]).Select(rest => glob[..open] + alternative + rest));
    }
}
