namespace Nanodet.Serverless.Conversion;

/// <summary>Photos like those that the model will see. They are read several times, one after the other.</summary>
public interface ICalibrationSet
{
    /// <summary>Where they lie, for messages.</summary>
    string Place { get; }

    /// <summary>How many there are.</summary>
    int Count { get; }

    /// <summary>Reads them, from the first to the last.</summary>
    /// <param name="cancellationToken">Ends the reading.</param>
    IAsyncEnumerable<CalibrationImage> ReadAsync(CancellationToken cancellationToken);
}
