using System.Text.Json;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Pipeline.Jobs;
using Nanodet.Serverless.Pipeline.Records;

namespace Nanodet.Serverless.Chaos.Tests.Audit;

/// <summary>Compares an account with what was uploaded: nothing may be lost, doubled, wrong, stale or left over.</summary>
internal static class Auditor
{
    private const string DeadLetterFolder = "dead-letters/";

    // A run of several images may add in another order than a run of one.
    private const double ScoreTolerance = 1e-4;

    /// <summary>Everything that is wrong; nothing when all is as it has to be.</summary>
    public static IReadOnlyList<Finding> Audit(AccountState account, Expectation expected) =>
    [
        .. AuditRecords(account, expected),
        .. expected.Jobs.SelectMany(job => AuditJob(account, expected, job.Key, job.Value)),
        .. AuditRest(account, expected),
    ];

    private static IEnumerable<Finding> AuditRecords(AccountState account, Expectation expected)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (image, contents) in expected.Images)
        {
            var blob = RecordOf(image);
            known.Add(blob);
            if (!account.Records.TryGetValue(blob, out var record))
            {
                yield return new Finding(FindingKind.Lost, $"detections/{blob}: expected the record of {image}, found none.");
                continue;
            }

            foreach (var finding in AuditRecord(image, contents, record))
            {
                yield return finding;
            }
        }

        foreach (var blob in account.Records.Keys.Where(blob => !known.Contains(blob)))
        {
            yield return new Finding(FindingKind.Unexpected, $"detections/{blob}: expected no such record.");
        }
    }

    private static IEnumerable<Finding> AuditRecord(string image, IReadOnlyList<UploadedContent> contents, StoredRecord record)
    {
        var (last, document) = (contents[^1], Parse(record.Json));
        if ($"{document.Image.Container}/{document.Image.Name}" != image)
        {
            yield return new Finding(
                FindingKind.Unexpected, $"{image}: its record is about {document.Image.Container}/{document.Image.Name}.");
        }

        if (document.Image.Etag != last.Etag || record.Etag != last.Etag)
        {
            var index = contents.Select(content => content.Etag).ToList().IndexOf(document.Image.Etag ?? string.Empty) + 1;
            yield return new Finding(
                FindingKind.Stale,
                $"{image}: expected a record about content {contents.Count} of {contents.Count} ({last.Etag}), found one about "
                    + $"{(index > 0 ? $"content {index}" : "no content that was uploaded")} "
                    + $"({document.Image.Etag}, metadata {record.Etag}, {document.Status} {document.Error?.Code}).");
        }
        else if (document.Error?.Code != last.Code || DetectionStatusConverter.Text(document.Status) != record.Status
            || document.Status != (last.Code is null ? DetectionStatus.Detected : DetectionStatus.Failed))
        {
            yield return new Finding(
                FindingKind.Wrong,
                $"{image}: expected {last.Code ?? "detections"}, found {document.Status} {document.Error?.Code} "
                    + $"(metadata {record.Status}): {document.Error?.Message}");
        }
        else if (DifferenceOf(document, last) is { } difference)
        {
            yield return new Finding(FindingKind.Wrong, $"{image}: {difference}");
        }
    }

    private static IEnumerable<Finding> AuditJob(AccountState account, Expectation expected, string id, IReadOnlyCollection<string> images)
    {
        if (!account.Jobs.TryGetValue(id, out var job) || job.Manifest is not { } manifest)
        {
            yield return new Finding(FindingKind.Job, $"{id}: expected a manifest, found none.");
            yield break;
        }

        var counts = $"{id}: {manifest.State}, discovered {manifest.Discovered}, detected {manifest.Detected}, failed {manifest.Failed}, "
            + $"skipped {manifest.Skipped}, unprocessed {manifest.Unprocessed}, {job.Lines.Count} lines, {manifest.Error} "
            + string.Join(' ', manifest.Missing);
        if (manifest.State != JobState.Completed || manifest.Missing.Count > 0 || manifest.Unprocessed != 0)
        {
            yield return new Finding(FindingKind.Job, $"expected a completed job. {counts}");
        }

        if (manifest.Discovered != images.Count)
        {
            yield return new Finding(FindingKind.Job, $"expected {images.Count} images. {counts}");
        }

        if (manifest.Detected + manifest.Failed + manifest.Skipped != manifest.Discovered)
        {
            yield return new Finding(FindingKind.Job, $"expected that the counts add up. {counts}");
        }

        var lines = job.Lines.Select(line => (Json: line, Document: Parse(line))).ToList();

        // The line of a skipped image is the record that another request made.
        var own = lines.Where(line => line.Document.JobId == id).ToList();
        var detected = own.Count(line => line.Document.Status == DetectionStatus.Detected);
        if (detected != manifest.Detected || own.Count - detected != manifest.Failed || lines.Count - own.Count != manifest.Skipped)
        {
            yield return new Finding(
                FindingKind.Job,
                $"expected the counts of the lines, {detected} detected, {own.Count - detected} failed and "
                    + $"{lines.Count - own.Count} of others. {counts}");
        }

        foreach (var finding in AuditLines(account, expected, id, images, lines))
        {
            yield return finding;
        }
    }

    private static IEnumerable<Finding> AuditLines(
        AccountState account,
        Expectation expected,
        string id,
        IReadOnlyCollection<string> images,
        List<(string Json, DetectionResult Document)> lines)
    {
        var ofImage = lines.ToLookup(line => $"{line.Document.Image.Container}/{line.Document.Image.Name}");
        foreach (var group in ofImage)
        {
            if (group.Count() > 1)
            {
                yield return new Finding(FindingKind.DuplicateLine, $"{id}: {group.Key} has {group.Count()} lines.");
            }

            if (!images.Contains(group.Key))
            {
                yield return new Finding(FindingKind.Unexpected, $"{id}: {group.Key} is not an image of this job.");
            }
            else if (AuditLine(account, expected, id, group.Key, group.Last()) is { } finding)
            {
                yield return finding;
            }
        }

        var without = images.Where(image => !ofImage.Contains(image)).ToList();
        if (without.Count > 0)
        {
            yield return new Finding(
                FindingKind.MissingLine, $"{id}: {without.Count} images have no line: {string.Join(", ", without.Take(5))}.");
        }
    }

    /// <summary>
    /// The line of an image is the very text of its record, unless another content or another request came after it, or another model:
    /// a batch that came again while it was being detected is detected with the model of that moment.
    /// </summary>
    private static Finding? AuditLine(
        AccountState account, Expectation expected, string id, string image, (string Json, DetectionResult Document) line)
    {
        var contents = expected.Images[image];
        var content = contents.FirstOrDefault(content => content.Etag == line.Document.Image.Etag);
        if (content is null)
        {
            // The blob was overwritten before the worker read it, so the line names no content that it has read.
            return contents.Count > 1 && line.Document.Error is not null
                ? null
                : new Finding(
                    FindingKind.DifferingLine, $"{id}: the line of {image} is about an unknown content {line.Document.Image.Etag}.");
        }

        if (line.Document.Error?.Code != content.Code && !(contents.Count > 1 && line.Document.Error?.Code == FailureCodes.BlobChanged))
        {
            return new Finding(
                FindingKind.DifferingLine,
                $"{id}: expected {content.Code ?? "detections"} in the line of {image}, "
                    + $"found {line.Document.Status} {line.Document.Error?.Code}.");
        }

        if (line.Document.Error is null && DifferenceOf(line.Document, content) is { } difference)
        {
            return new Finding(FindingKind.DifferingLine, $"{id}: the line of {image}: {difference}");
        }

        if (content != contents[^1] || !account.Records.TryGetValue(RecordOf(image), out var record))
        {
            return null;
        }

        var document = Parse(record.Json);
        var isSame = record.Json == line.Json
            || ((contents.Count > 1 || document.Model != line.Document.Model) && IsSameAnswer(document, line.Document));
        return isSame
            ? null
            : new Finding(FindingKind.DifferingLine, $"{id}: the line of {image} is not its record: {line.Json} {record.Json}");
    }

    private static IEnumerable<Finding> AuditRest(AccountState account, Expectation expected)
    {
        foreach (var (name, queue) in account.Queues)
        {
            if (!expected.IsAllowed(name, queue))
            {
                yield return new Finding(
                    FindingKind.LeftOverMessage,
                    $"queue {name}: expected no message, found {queue.Messages}, of these visible {queue.Visible}.");
            }
        }

        foreach (var blob in account.Staging.Where(blob =>
            !blob.StartsWith(DeadLetterFolder, StringComparison.Ordinal) && !(expected.MayKeepLists && AccountState.IsList(blob))))
        {
            yield return new Finding(FindingKind.LeftOverBlob, $"staging/{blob}: expected that it is gone.");
        }

        var deadLetters = account.Staging.Where(blob => blob.StartsWith(DeadLetterFolder, StringComparison.Ordinal)).ToList();
        if (deadLetters.Count != expected.DeadLetters)
        {
            yield return new Finding(
                FindingKind.DeadLetter,
                $"expected {expected.DeadLetters} dead letters, found {deadLetters.Count}: {string.Join(", ", deadLetters.Take(5))}.");
        }

        foreach (var (id, state) in account.Instances.Where(instance => instance.Value != "Completed"))
        {
            yield return new Finding(FindingKind.Orchestration, $"{id}: expected Completed, found {state}.");
        }
    }

    private static DetectionResult Parse(string json) => JsonSerializer.Deserialize(json, ResultJson.Default.DetectionResult)!;

    /// <summary>How the detections differ from those that its model makes of this content alone; null where they do not.</summary>
    private static string? DifferenceOf(DetectionResult document, UploadedContent content)
    {
        if (content.Answers is not { } answers || document.Detections is not { } found)
        {
            return null;
        }

        if (document.Model is not { } model || !answers.TryGetValue(model.Sha256, out var expected))
        {
            return $"expected a model that was published, found {document.Model?.Version} {document.Model?.Sha256}.";
        }

        var comparison = new DetectionComparison();
        comparison.Add(expected, found);
        return comparison.Changed == 0 && comparison.LargestScoreDifference <= ScoreTolerance
            ? null
            : $"expected the detections {string.Join(", ", expected)} of version {model.Version}, found {string.Join(", ", found)}.";
    }

    /// <summary>Whether two results of one content agree, whoever asked for them and when; two models may see different objects.</summary>
    private static bool IsSameAnswer(DetectionResult one, DetectionResult other) =>
        one.Image == other.Image && one.Status == other.Status && one.Error?.Code == other.Error?.Code
        && (one.Model != other.Model || (one.Detections ?? []).SequenceEqual(other.Detections ?? []));

    private static string RecordOf(string image)
    {
        var slash = image.IndexOf('/', StringComparison.Ordinal);
        return ResultName.For(image[..slash], image[(slash + 1)..]);
    }
}
