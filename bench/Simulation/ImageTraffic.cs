namespace Nanodet.Serverless.Bench.Simulation;

/// <summary>
/// What an image moves into its storage account and out of it. An image is written once, whoever writes it, and read once. Its result is
/// written to the staging folder, read there, and written as its record.
/// </summary>
internal sealed record ImageTraffic
{
    /// <summary>Bytes of an image.</summary>
    /// <value>Default 146,572: the mean of the ten sample photos of the demo.</value>
    public double ImageBytes { get; init; } = 146_572;

    /// <summary>Bytes of a record.</summary>
    /// <value>Default 1,120: the mean of the records of these photos.</value>
    public double RecordBytes { get; init; } = 1_120;

    /// <summary>Bytes of a request, and of its answer, beside the contents: headers, and the small things that messages and lists hold.</summary>
    /// <value>Default 1,000, an assumption.</value>
    public double OperationBytes { get; init; } = 1_000;

    /// <summary>Bytes into the account.</summary>
    /// <param name="operations">Requests of an image.</param>
    public double In(double operations) => ImageBytes + (2 * RecordBytes) + (operations * OperationBytes);

    /// <summary>Bytes out of the account.</summary>
    /// <param name="operations">Requests of an image.</param>
    public double Out(double operations) => ImageBytes + RecordBytes + (operations * OperationBytes);
}
