using Microsoft.Extensions.FileSystemGlobbing;

namespace Nanodet.Serverless.Exports.Filters;

/// <summary>A glob over names with slashes: <c>*</c>, <c>**</c>, and alternatives such as <c>{jpg,png}</c>. Case counts.</summary>
public sealed class NameGlob
{
    private const int MaxPatterns = 64;

    private readonly Matcher _matcher = new(StringComparison.Ordinal);

    /// <summary>Prepares a glob.</summary>
    /// <param name="glob">For example <c>**/*.{jpg,png}</c>, without a <see cref="FindProblem"/>.</param>
    /// <exception cref="ExportException"><c>invalid_glob</c>: it has a problem.</exception>
    public NameGlob(string glob)
    {
        ArgumentNullException.ThrowIfNull(glob);
        if (FindProblem(glob) is { } problem)
        {
            throw new ExportException("invalid_glob", $"{glob}: {problem}.");
        }

        _matcher.AddIncludePatterns(Expand(glob));
    }

    /// <summary>Why a glob would not mean what it says; null when it does.</summary>
    /// <param name="glob">The glob.</param>
    public static string? FindProblem(string glob)
    {
        ArgumentNullException.ThrowIfNull(glob);

        // Other globs know these. Here they would be letters, and match nothing.
        var place = glob.StartsWith('!') ? 0 : glob.IndexOfAny(['?', '[', ']']);
        return place < 0 ? FindBraceProblem(glob) : $"expected a glob of *, ** and {{a,b}}, found '{glob[place]}'; write * in its place";
    }

    /// <summary>Whether a name is one of those that the glob means.</summary>
    /// <param name="name">The name; a slash at its start does not count.</param>
    public bool Matches(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return _matcher.Match(name.TrimStart('/')).HasMatches;
    }

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
