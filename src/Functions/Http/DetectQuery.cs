using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Functions.Http;

/// <summary>
/// The query of <c>POST /api/detect</c>: <c>score</c>, <c>iou</c>, <c>max</c>, <c>fast</c>, <c>model</c>, <c>name</c>, and what
/// <see cref="DetectChoices"/> reads, each optional.
/// </summary>
internal static class DetectQuery
{
    private const int MaxNameLength = 1024;

    /// <summary>Reads the options. A parameter that is not known is a problem: <c>conf</c> would be taken for nothing.</summary>
    /// <param name="query">The query.</param>
    /// <param name="options">How to detect.</param>
    /// <param name="problem">What was expected and what was found.</param>
    public static bool TryRead(
        IQueryCollection query, [NotNullWhen(true)] out DetectionRequestOptions? options, [NotNullWhen(false)] out string? problem)
    {
        options = null;
        problem = RequestQuery.FindProblem(
            query, ["score", "iou", "max", "fast", "model", "name", .. DetectChoices.Keys], hasBody: true)
            ?? FindNameProblem(query);
        if (problem is not null)
        {
            return false;
        }

        if (!TryReadNumber(query, "score", out var score, out problem)
            || !TryReadNumber(query, "iou", out var iou, out problem)
            || !TryReadNumber(query, "max", out var max, out problem))
        {
            return false;
        }

        if (max is { } count && count != Math.Truncate(count))
        {
            problem = $"max: expected a whole number, found '{query["max"]}'.";
            return false;
        }

        bool? fast = null;
        if (query.TryGetValue("fast", out var text))
        {
            if (!bool.TryParse(text, out var value))
            {
                problem = $"fast: expected true or false, found '{text}'.";
                return false;
            }

            fast = value;
        }

        var read = new DetectionRequestOptions
        {
            ScoreThreshold = (float?)score,
            IouThreshold = (float?)iou,
            MaxDetections = max is null ? null : (int)Math.Clamp(max.Value, int.MinValue, int.MaxValue),
            FastDecode = fast,
            Model = query["model"] is [{ } model] ? model : null,
        };
        if (!DetectChoices.TryAdd(query, ref read, out problem))
        {
            return false;
        }

        var complaints = new List<ValidationResult>();
        if (!Validator.TryValidateObject(read, new ValidationContext(read), complaints, validateAllProperties: true))
        {
            problem = string.Join(' ', complaints.Select(complaint => complaint.ErrorMessage));
            return false;
        }

        options = read;
        problem = null;
        return true;
    }

    /// <summary>The name that the result gets.</summary>
    public static string Name(IQueryCollection query) => query["name"] is [{ } given] ? given : "image";

    private static string? FindNameProblem(IQueryCollection query) =>
        query["name"] is [{ Length: 0 or > MaxNameLength } given]
            ? $"name: expected 1 to {MaxNameLength} characters, found {given.Length}."
            : null;

    private static bool TryReadNumber(IQueryCollection query, string key, out double? number, [NotNullWhen(false)] out string? problem)
    {
        number = null;
        problem = null;
        if (!query.TryGetValue(key, out var text))
        {
            return true;
        }

        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value))
        {
            number = value;
            return true;
        }

        problem = $"{key}: expected a number, found '{text}'.";
        return false;
    }
}
