using Microsoft.AspNetCore.Http;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Functions.Http;

/// <summary>Queries of requests. A parameter that nobody knows would be ignored, and the sender would rely on it.</summary>
internal static class RequestQuery
{
    /// <summary>Where Azure takes function keys from, besides a header.</summary>
    private static readonly string[] Keys = ["code", "clientId"];

    /// <summary>The answer to a request with a parameter that is not known, or comes more than once; null when there is none.</summary>
    /// <param name="request">The request.</param>
    /// <param name="known">The names of the parameters of its route.</param>
    public static IResult? Refuse(HttpRequest request, params IReadOnlyList<string> known) =>
        FindProblem(request.Query, known, hasBody: HttpMethods.IsPost(request.Method)) is { } problem
            ? Problem.InvalidRequest(problem)
            : null;

    /// <summary>The first parameter that is not known, or comes more than once; null when there is none.</summary>
    /// <param name="query">The query.</param>
    /// <param name="known">The names of the parameters.</param>
    /// <param name="hasBody">Whether the request has a body, where the field may have been meant to be.</param>
    public static string? FindProblem(IQueryCollection query, IReadOnlyList<string> known, bool hasBody)
    {
        ArgumentNullException.ThrowIfNull(query);
        foreach (var (name, values) in query)
        {
            if (known.Concat(Keys).Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                if (values.Count > 1)
                {
                    return $"{name}: expected it once, found it {values.Count} times.";
                }
            }
            else
            {
                return known.Count == 0
                    ? $"{BlobNames.Show(name)}: expected no query parameter here{(hasBody ? "; fields belong into the body." : ".")}"
                    : $"{BlobNames.Show(name)}: there is no such query parameter; the parameters are {string.Join(", ", known)}.";
            }
        }

        return null;
    }
}
