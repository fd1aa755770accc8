using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Conversion.Tests;

/// <summary>Photos in memory, which count how often they are read.</summary>
internal sealed class MemoryPhotos(params IReadOnlyList<CalibrationImage> photos) : ICalibrationSet
{
    public string Place => "photos/";

    public int Count => photos.Count;

    public int Readings { get; private set; }

    public static MemoryPhotos Noise(int count) => new(
        [.. Enumerable.Range(0, count).Select(i => new CalibrationImage($"{i}.png", TestImages.Noise(60 + i, 50 + (2 * i), i)))]);

    public async IAsyncEnumerable<CalibrationImage> ReadAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Readings++;
        foreach (var photo in photos)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await Task.Yield();
            yield return photo;
        }
    }
}
